import { Command } from 'commander';
import { asHearkenError } from '../errors.js';

/** The commands, each in its own file and loaded only when it is asked for: `hearken models list` need not load the telephone. */
const COMMANDS: readonly { readonly name: string; readonly summary: string; readonly load: () => Promise<Command> }[] =
  [
    {
      name: 'start',
      summary: 'start the service and the SIP bridge',
      load: async () => (await import('./start.js')).startCommand(),
    },
    {
      name: 'serve',
      summary: 'start the service alone',
      load: async () => (await import('./serve.js')).serveCommand(),
    },
    {
      name: 'call',
      summary: 'place a SIP call that speaks a recording',
      load: async () => (await import('./call.js')).callCommand(),
    },
    {
      name: 'answer',
      summary: 'a phone that answers by itself: the agent, for trying a hand-off',
      load: async () => (await import('./answer.js')).answerCommand(),
    },
    {
      name: 'phone',
      summary: 'a softphone for the terminal and for scripts',
      load: async () => (await import('./phone.js')).phoneCommand(),
    },
    {
      name: 'demo',
      summary: 'place the sample calls over SIP and print the conversations',
      load: async () => (await import('./demo.js')).demoCommand(),
    },
    {
      name: 'prompts',
      summary: "render an application's fixed prompts ahead of time",
      load: async () => (await import('./prompts.js')).promptsCommand(),
    },
    {
      name: 'replay',
      summary: 'run recordings through the whole pipeline and report',
      load: async () => (await import('./replay.js')).replayCommand(),
    },
    {
      name: 'simulate',
      summary: 'let simulated callers ring and check whether they got what they wanted',
      load: async () => (await import('./simulate.js')).simulateCommand(),
    },
    {
      name: 'degrade',
      summary: 'recognise recordings over worse and worse lines and tell where it breaks',
      load: async () => (await import('./degrade.js')).degradeCommand(),
    },
    {
      name: 'regress',
      summary: 'make a test of a recorded call, without what is personal in it',
      load: async () => (await import('./regress.js')).regressCommand(),
    },
    {
      name: 'evaluate',
      summary: 'judge answers: accuracy, completion, turns and response time, from the log or from tests',
      load: async () => (await import('./evaluate.js')).evaluateCommand(),
    },
    {
      name: 'trace',
      summary: 'print each turn of a recorded call as a waterfall',
      load: async () => (await import('./trace.js')).traceCommand(),
    },
    {
      name: 'train',
      summary: 'train the understanding of an application or of any data set',
      load: async () => (await import('./train.js')).trainCommand(),
    },
    {
      name: 'nlu',
      summary: 'evaluate understanding',
      load: async () => (await import('./nlu.js')).nluCommand(),
    },
    {
      name: 'check',
      summary: 'read an application without starting anything and tell its mistakes',
      load: async () => (await import('./check.js')).checkCommand(),
    },
    {
      name: 'desk',
      summary: 'list the tickets and call-backs that callers were promised',
      load: async () => (await import('./desk.js')).deskCommand(),
    },
    {
      name: 'users',
      summary: 'who may sign in to the console and the agent desk',
      load: async () => (await import('./users.js')).usersCommand(),
    },
    {
      name: 'test',
      summary: 'run the conversations that test an application',
      load: async () => (await import('./test-app.js')).testCommand(),
    },
    {
      name: 'models',
      summary: 'list, pull and verify speech models',
      load: async () => (await import('./models.js')).modelsCommand(),
    },
    {
      name: 'grammar',
      summary: 'build decoding graphs from an application',
      load: async () => (await import('./grammar.js')).grammarCommand(),
    },
  ];

export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('hearken')
    .description('Self-hosted, voice-first contact-center IVR.')
    .showHelpAfterError()
    .configureHelp({ sortSubcommands: true });
  const asked = argv.find((word) => !word.startsWith('-'));
  for (const { name, summary, load } of COMMANDS) {
    program.addCommand(name === asked ? await load() : new Command(name).description(summary));
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (thrown) {
    const error = asHearkenError(thrown);
    process.stderr.write(`${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
    // Nobody foresaw this one: where it came from is what a report of it needs.
    if (error.code === 'INTERNAL') process.stderr.write(`${error.stack ?? ''}\n`);
    process.exitCode = 1;
  }
}
