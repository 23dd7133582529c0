/** The service's own words for what it sends: types only, nothing of the service is bundled. */
export type * from '../../../../src/api/console/contract.js';
