import { describe, expect, it } from 'vitest';
import { printable, printableLog } from '../../../src/cli/printable.js';

const ESCAPE = '\u001b]0;mine\u0007\u001b[2J\u009b31m\u202e';

describe('what is shown in a terminal', () => {
  it('holds nothing that steers it', () => {
    expect(printable(`say ${ESCAPE}\r hello\n\tworld 你好 🙂`)).toBe('say �]0;mine��[2J�31m�� hello\n\tworld 你好 🙂');
  });

  it('holds nothing that steers it once a line of the log has been read as JSON', () => {
    const line = JSON.stringify({ msg: `the key "${ESCAPE}"`, stack: 'Error\n    at x', path: 'C:\\u001b' });
    const shown = JSON.parse(printableLog(line)) as Record<string, string>;
    expect(Object.values(shown).join('')).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
    expect(shown).toMatchObject({ stack: 'Error\n    at x', path: 'C:\\u001b' });
    expect(printableLog(`no JSON ${ESCAPE}`)).toBe('no JSON �]0;mine��[2J�31m�');
  });
});
