import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../errors.js';
import { GRAPHS, type Graph } from './graph.js';
import type { InstalledModel } from './registry.js';
import type { SpeechLogger } from './worker-process.js';

/** What `hearken grammar build` writes beside the graphs. */
const graphsSchema = z.object({ model: z.string() });

export type GraphFiles = Readonly<Partial<Record<Graph, string>>>;

/**
 * The graphs that were built for an application and this model, by absolute path; none when the folder is not there. Graphs of another model,
 * or older than the model's files, are left alone with a warning: their outputs would be another model's.
 */
export function applicationGraphs(graphs: string, installed: InstalledModel, logger: SpeechLogger): GraphFiles {
  // The graphs of another language's model lie in a folder with its name.
  const own = join(graphs, installed.model.name);
  const folder = existsSync(join(own, 'graphs.json')) ? own : graphs;
  const list = join(folder, 'graphs.json');
  if (!existsSync(list)) return {};
  const refuse = (reason: string): GraphFiles => {
    logger.warn({ folder, reason }, 'decoding graphs are not used; run "hearken grammar build" again');
    return {};
  };
  try {
    const { model } = graphsSchema.parse(JSON.parse(readFileSync(list, 'utf8')));
    if (model !== installed.model.name) return refuse(`they were built for ${model}, not for ${installed.model.name}`);
    const builtMs = statSync(list).mtimeMs;
    const newer = [...installed.paths.values()].find((path) => statSync(path).mtimeMs > builtMs);
    if (newer !== undefined) return refuse(`${newer} is newer`);
  } catch (error) {
    return refuse(messageOf(error));
  }
  const found = GRAPHS.map((graph) => [graph, join(folder, `${graph}.fst`)] as const);
  return Object.fromEntries(found.filter(([, path]) => existsSync(path)));
}
