/** Cuts text where a voice pauses anyway, so that the first piece can be heard while the others are made. */

/** A piece shorter than this (in characters) is too short to stand alone: 好的， goes with what follows. */
const SHORTEST_FIRST = 4;
/** Sentences longer than this are cut at commas too, so that no piece takes long to make. */
const LONGEST = 48;
const HARD_LIMIT = 120;

const SENTENCE_END = /[。！？!?；;\n]|\.(?=\s|$)/u;
const CLAUSE_END = /[。！？!?；;，,：:\n]|\.(?=\s|$)/u;

/** The first piece is one clause, the others are sentences. Joined, the pieces are the text again (outer blanks aside). */
export function splitClauses(text: string): string[] {
  const clauses = cut(text.trim(), CLAUSE_END).flatMap(chop);
  const pieces: string[] = [];
  let current = '';
  for (const clause of clauses) {
    current += clause;
    const first = pieces.length === 0;
    const done = first
      ? current.trim().length >= SHORTEST_FIRST
      : SENTENCE_END.test(clause.slice(-2)) || current.length >= LONGEST;
    if (!done) continue;
    pieces.push(current.trim());
    current = '';
  }
  if (current.trim() !== '') pieces.push(current.trim());
  return pieces;
}

function cut(text: string, end: RegExp): string[] {
  const parts: string[] = [];
  let part = '';
  const characters = [...text];
  characters.forEach((character, index) => {
    part += character;
    if (end.test(character + (characters[index + 1] ?? '')) && end.test(`${character} `)) {
      parts.push(part);
      part = '';
    }
  });
  if (part !== '') parts.push(part);
  return parts;
}

/** A clause without end is cut at a blank or, failing that, anywhere. */
function chop(clause: string): string[] {
  const parts: string[] = [];
  let rest = clause;
  while (rest.length > HARD_LIMIT) {
    const blank = rest.lastIndexOf(' ', HARD_LIMIT);
    const at = blank > HARD_LIMIT / 2 ? blank + 1 : HARD_LIMIT;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  parts.push(rest);
  return parts;
}
