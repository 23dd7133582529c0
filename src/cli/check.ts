import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../config.js';
import { checkActions } from '../dialogue/actions/check-actions.js';
import { mermaid, svg } from '../dialogue/app/diagram.js';
import { loadApplication, problemText } from '../dialogue/app/load.js';
import { didYouMean } from '../dialogue/app/nearest.js';
import { lostCommands } from '../dialogue/app/own-commands.js';
import type { Application } from '../dialogue/app/types.js';
import { unreached } from '../dialogue/app/unreached.js';
import type { Problem } from '../dialogue/app/yaml.js';
import { readConversationTests } from '../dialogue/conversation-tests/read.js';
import { loadAppData } from '../nlu/corpus/load.js';
import type { TrainingData } from '../nlu/corpus/training-data.js';
import { FALLBACK_INTENT } from '../nlu/intent-model.js';

/** `hearken check <folder>`: every mistake of an application, its actions and its tests included, none of which is run; its flows as a picture. */
export function checkCommand(): Command {
  return new Command('check')
    .description('read an application and tell its mistakes, with file, line and what to do')
    .argument('[folder]', 'the application', 'apps/retail')
    .option('--json', 'print one JSON document')
    .option('--mermaid [file]', 'draw the flows as a Mermaid diagram (to the file, or to standard output)')
    .option('--svg <file>', 'draw the flows as SVG')
    .action(async (folder: string, options: { json?: boolean; mermaid?: string | true; svg?: string }) => {
      const { application, problems } = await loadApplication(folder);
      const all = [
        ...problems,
        ...unreached(application),
        ...(await trainingProblems(folder, application)),
        ...(await checkActions(application, loadConfig().appEnvironment)),
        ...(await readConversationTests(folder)).problems,
      ];
      const errors = all.filter((problem) => problem.severity === 'error').length;
      if (typeof options.mermaid === 'string') await writeFile(options.mermaid, mermaid(application));
      if (options.svg !== undefined) await writeFile(options.svg, svg(application));
      if (options.mermaid === true) process.stdout.write(mermaid(application));
      else if (options.json)
        process.stdout.write(
          `${JSON.stringify({ folder, errors, problems: all, languages: application.languages }, null, 2)}\n`,
        );
      else {
        for (const problem of all) process.stdout.write(`${problemText(problem)}\n`);
        const { domain, rules, stories, flows } = application;
        process.stdout.write(
          `${folder}: ${domain.intents.size} intents, ${domain.slots.size} slots, ${domain.responses.size} responses, ${rules.length} rules, ${stories.length} stories, ${flows.size} flows, ${application.languages.join(' and ')}; ${errors} errors, ${all.length - errors} warnings\n`,
        );
      }
      if (errors > 0) process.exitCode = 1;
    });
}

async function trainingProblems(folder: string, application: Application): Promise<Problem[]> {
  const { data } = await loadAppData(folder).catch(() => ({ data: undefined }));
  if (data === undefined) return [];
  const untrained = untrainedIntents(data, [...application.domain.intents.keys()]);
  return [
    ...untrained,
    ...unlistedEntities(data, application.domain.entities),
    ...lostCommands(application, data.examples),
  ].map((problem) => ({
    ...problem,
    file: problem.file === 'domain' ? problem.file : relative(folder, problem.file),
  }));
}

/** Entities of examples that the domain does not know: most often a name mistyped. */
function unlistedEntities(data: TrainingData, listed: ReadonlySet<string>): Problem[] {
  const first = new Map<string, { readonly file: string; readonly line: number }>();
  for (const { entities, file, line } of data.examples)
    for (const { entity } of entities) if (!listed.has(entity) && !first.has(entity)) first.set(entity, { file, line });
  return [...first].map(([entity, place]) => ({
    severity: 'warning',
    ...place,
    message: `the entity "${entity}" is in an example, but the domain does not list it`,
    hint: `Add it to "entities:", or correct the name.${didYouMean(entity, listed)}`,
  }));
}

/** Intents that nobody can say: the domain lists them, the training data does not, or the other way round. */
function untrainedIntents(data: TrainingData, intents: readonly string[]): Problem[] {
  const trained = new Map(
    data.examples.filter((example) => example.intent !== '').map((example) => [example.intent, example]),
  );
  const bases = new Set([...trained.keys()].map((name) => name.split('/')[0] ?? name));
  const unsayable = intents
    .filter((name) => !trained.has(name) && !bases.has(name) && name !== FALLBACK_INTENT)
    .map((name) => ({
      severity: 'warning' as const,
      file: 'domain',
      line: 0,
      message: `the intent "${name}" has no training sentences`,
      hint: 'Add an "- intent:" with examples to the nlu files.',
    }));
  const unknown = [...trained.values()]
    .filter((example) => !intents.includes(example.intent) && !intents.includes(example.intent.split('/')[0] ?? ''))
    .map((example) => ({
      severity: 'warning' as const,
      file: example.file,
      line: example.line,
      message: `the intent "${example.intent}" is trained, but the domain does not list it`,
      hint: 'Add it to "intents:".',
    }));
  return [...unsayable, ...unknown];
}
