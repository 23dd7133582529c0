import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadApplication, loadValidApplication } from '../../../src/dialogue/app/load.js';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function load(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'hearken-load-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return loadApplication(folder);
}

const DOMAIN =
  'intents: [greet, order]\nslots:\n  number:\n    type: text\nresponses:\n  utter_greet:\n  - text: hi\n  utter_ask_number:\n  - text: which?\n';

describe('an application folder', () => {
  it('loads from one file or from many', async () => {
    const one = await load({ 'domain.yml': DOMAIN });
    expect(one.problems).toEqual([]);
    const many = await load({
      'domain/a.yml': 'intents: [greet]',
      'domain/b.yaml': 'responses:\n  utter_greet:\n  - text: hi',
      'data/rules.yml': 'rules:\n- rule: r\n  steps:\n  - intent: greet\n  - action: utter_greet',
    });
    expect(many.problems).toEqual([]);
    expect(many.application.rules).toHaveLength(1);
  });

  it('tells every mistake with its file, its line and what to do', async () => {
    const { problems } = await load({
      'domain.yml': `${DOMAIN}forms:\n  my_form:\n    required_slots: [nowhere]\n`,
      'rules.yml': 'rules:\n- rule: r\n  steps:\n  - intent: gret\n  - action: utter_gone\n  - dance: now\n',
      'flows.yml':
        'flows:\n  f:\n    steps:\n    - collect: number\n      next: away\n    - action: action_gone\n      next:\n      - if: slots.number >\n        then: END\n      - else: END\n',
    });
    const places = problems.map((problem) => `${problem.file}:${problem.line} ${problem.message}`);
    expect(places).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^domain.yml:11 there is no slot "nowhere"/),
        expect.stringMatching(/^rules.yml:4 there is no intent "gret"/),
        expect.stringMatching(/^rules.yml:5 there is no response "utter_gone"/),
        expect.stringMatching(/^rules.yml:6 this step \(dance\) is not known/),
        expect.stringMatching(/^flows.yml:4 flow "f" has no step "away"/),
        expect.stringMatching(/^flows.yml:6 there is no action "action_gone"/),
        expect.stringMatching(/^flows.yml:8 the condition .* can't be read/),
      ]),
    );
    for (const problem of problems) expect(problem.hint).not.toBe('');
  });

  it('is refused at the start with those mistakes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hearken-load-'));
    folders.push(folder);
    await expect(loadValidApplication(folder)).rejects.toMatchObject({
      code: 'APP_INVALID',
      message: expect.stringContaining('there is no domain'),
    });
    await expect(loadValidApplication(join(folder, 'gone'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('survives hostile YAML', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefghij', (name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`).join('\n')}\nintents: *j\n`;
    const deep = `intents: ${'['.repeat(500)}${']'.repeat(500)}\n`;
    for (const [source, words] of [
      [bomb, /aliases/],
      [deep, /nested/],
      ['intents: [a\nslots: }', /broken YAML/],
      ['__proto__: {polluted: true}\nintents: [a]', /not allowed/],
      ['intents: &a [*a]', /nested|broken|aliases/],
      ['- just\n- a list', /holds no keys/],
      ['intents: 5\nslots: [1]\nresponses: x\nforms: 7\nactions: {}', /must/],
      ['intents: [greet]\nslots:\n  __proto__:\n    type: text', /not allowed/],
    ] as const) {
      const { problems } = await load({ 'domain.yml': source });
      expect(problems.map((problem) => problem.message).join('\n')).toMatch(words);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
