import type { BridgeConfig } from '../config.js';
import { type TrunkConfig, trunkSchema } from './config.js';

/** The trunk that `bridge.registration` stands for. It registers and answers challenges; where calls come from is as open as without it. */
export function implicitTrunks({ registration, trunks }: Pick<BridgeConfig, 'registration' | 'trunks'>): TrunkConfig[] {
  if (!registration || trunks.some(({ name }) => name === IMPLICIT)) return [];
  const { registrar, user, password, expiresSeconds } = registration;
  return [
    trunkSchema.parse({
      name: IMPLICIT,
      login: { user, password },
      register: { registrars: [registrar], user, expiresSeconds },
    }),
  ];
}

export const IMPLICIT = 'registration';
