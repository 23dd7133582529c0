import { describe, expect, it } from 'vitest';
import { MAX_LINES } from '../../../web/widget/src/memory.js';
import { Transcript } from '../../../web/widget/src/transcript.js';

const LONG = '我们每天早上九点到晚上十点营业。';

describe('the transcript of the widget', () => {
  it('shows the bot’s words as they are heard, and all of them once the prompt was heard to its end', () => {
    const transcript = new Transcript([]);
    transcript.addSpoken(LONG);
    expect(transcript.lines[0]?.said).toBe(0);
    transcript.heard(1000);
    const early = transcript.lines[0]?.said ?? 0;
    expect(early).toBeGreaterThan(1);
    expect(early).toBeLessThan(LONG.length);
    transcript.heard(1500);
    expect(transcript.lines[0]?.said).toBeGreaterThan(early);
    expect(transcript.finishPrompt(true)).toBe(true);
    expect(transcript.lines).toEqual([{ who: 'bot', text: LONG, id: 0 }]);
  });

  it('keeps how much was heard of words that were cut off', () => {
    const transcript = new Transcript([]);
    transcript.addSpoken(LONG);
    transcript.heard(1000);
    const said = transcript.lines[0]?.said;
    transcript.finishPrompt(false);
    expect(transcript.lines[0]).toEqual({ who: 'bot', text: LONG, id: 0, heard: said });
    // Audio that is told of afterwards shows no more of it.
    expect(transcript.heard(5000)).toBe(false);
    expect(transcript.remembered).toEqual([{ who: 'bot', text: LONG, heard: said }]);
  });

  it('goes through the lines of one prompt in their order', () => {
    const transcript = new Transcript([]);
    transcript.addSpoken('好的。');
    transcript.addSpoken(LONG);
    transcript.heard(400);
    expect(transcript.lines[0]?.said).toBeGreaterThan(0);
    expect(transcript.lines[1]?.said).toBe(0);
    transcript.heard(2500);
    expect(transcript.lines[0]?.said).toBe(3);
    expect(transcript.lines[1]?.said).toBeGreaterThan(0);
  });

  it('counts a new generation from nothing', () => {
    const transcript = new Transcript([]);
    transcript.addSpoken(LONG);
    transcript.heard(3000);
    transcript.finishPrompt(false);
    transcript.beginGeneration();
    transcript.addSpoken(LONG);
    transcript.heard(1000);
    const said = transcript.lines[1]?.said ?? 0;
    expect(said).toBeGreaterThan(1);
    expect(said).toBeLessThan(8);
  });

  it('keeps the lines of the page before, and no more than fit', () => {
    const transcript = new Transcript([{ who: 'caller', text: 'first' }]);
    for (let n = 0; n < MAX_LINES; n++) transcript.add({ who: 'bot', text: `${n}` });
    expect(transcript.lines).toHaveLength(MAX_LINES);
    expect(transcript.lines[0]?.text).toBe('0');
    expect(new Set(transcript.lines.map(({ id }) => id)).size).toBe(MAX_LINES);
  });
});
