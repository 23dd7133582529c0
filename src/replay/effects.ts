import type { Application } from '../dialogue/app/types.js';
import { HearkenError } from '../errors.js';

type Asks = Pick<Application, 'endpoints' | 'readyActions'>;

/** Throws FORBIDDEN when the application would ask other systems: what callers ordered once would be ordered again. */
export function refuseEffects(appFolder: string, application: Asks): void {
  const reached = systemsReached(application);
  if (reached.length === 0) return;
  throw new HearkenError('FORBIDDEN', `The application ${appFolder} asks other systems: ${reached.join(', ')}.`, {
    hint: 'A replay would do there again what callers did once. Name a configuration for tests, or say --allow-effects.',
  });
}

/** Other systems that the application's actions ask, by what names them. */
function systemsReached({ endpoints, readyActions }: Asks): readonly string[] {
  const named = Object.entries(endpoints.all).flatMap(([name, entry]) =>
    typeof entry.url === 'string' ? [`${name}: ${entry.url}`] : [],
  );
  const http = [...readyActions.values()].flatMap((action) =>
    action.type === 'http' ? [`ready action ${action.name}`] : [],
  );
  const server = endpoints.actionUrl;
  return [...new Set([...(server === undefined ? [] : [`action server ${server}`]), ...named, ...http])];
}
