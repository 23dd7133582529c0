import { parseUri } from '../sip/text.js';
import type { RouteConfig } from './config.js';

/** What the service is told about a call besides who calls whom. */
export interface CallRoute {
  readonly trunk?: string;
  readonly application?: string;
  readonly language?: string;
  readonly greeting?: string;
}

export type Routed =
  | { readonly kind: 'take'; readonly route: CallRoute }
  | { readonly kind: 'refuse'; readonly status: number };

interface Rule {
  readonly config: RouteConfig;
  readonly callee: RegExp | undefined;
  readonly caller: RegExp | undefined;
}

/** Where calls go: the first rule that fits. Without rules every call is taken. */
export class Routes {
  readonly #rules: readonly Rule[];

  constructor(configs: readonly RouteConfig[]) {
    this.#rules = configs.map((config) => ({
      config,
      callee: config.callee === undefined ? undefined : new RegExp(config.callee),
      caller: config.caller === undefined ? undefined : new RegExp(config.caller),
    }));
  }

  /** `caller` and `callee` are SIP addresses. */
  find(call: { readonly trunk: string | undefined; readonly caller: string; readonly callee: string }): Routed {
    const trunk = call.trunk === undefined ? {} : { trunk: call.trunk };
    if (this.#rules.length === 0) return { kind: 'take', route: trunk };
    const [caller, callee] = [userOf(call.caller), userOf(call.callee)];
    const rule = this.#rules.find(
      ({ config, ...patterns }) =>
        (config.trunk === undefined || config.trunk === call.trunk) &&
        (patterns.callee?.test(callee) ?? true) &&
        (patterns.caller?.test(caller) ?? true),
    );
    if (!rule) return { kind: 'refuse', status: 404 };
    const { refuse, application, language, greeting } = rule.config;
    if (refuse !== undefined) return { kind: 'refuse', status: refuse };
    return {
      kind: 'take',
      route: {
        ...trunk,
        ...(application === undefined ? {} : { application }),
        ...(language === undefined ? {} : { language }),
        ...(greeting === undefined ? {} : { greeting }),
      },
    };
  }
}

/** The number in an address: `sip:%2B4930@host` → `+4930`. At most 128 characters, so that no pattern runs long. */
export function userOf(address: string): string {
  const tel = /^tel:([^;?]*)/i.exec(address)?.[1];
  const user = tel ?? parseUri(address)?.user ?? '';
  try {
    // `sip:+4930;phone-context=x@host`: the number ends at the semicolon.
    return (decodeURIComponent(user).split(';')[0] ?? '').slice(0, 128);
  } catch {
    return user.slice(0, 128);
  }
}
