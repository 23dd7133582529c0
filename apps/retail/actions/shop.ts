import { accountActions } from '../desk/account.js';
import { addressActions } from '../desk/address.js';
import { cancelActions } from '../desk/cancel.js';
import { consentActions } from '../desk/consent.js';
import { orderActions } from '../desk/orders.js';
import { returnActions } from '../desk/returns.js';
import { serviceActions } from '../desk/service.js';
import { closeSampleShop } from '../desk/shop-client.js';
import { undoActions } from '../desk/undo.js';

/** Everything the dialogue does in the shop's back end. The work is in `desk/`, by subject. */
export default [
  ...orderActions,
  ...addressActions,
  ...cancelActions,
  ...consentActions,
  ...returnActions,
  ...accountActions,
  ...serviceActions,
  ...undoActions,
];

export const close = closeSampleShop;
