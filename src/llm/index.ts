import type { Config } from '../config.js';
import type { Summarizer } from '../dialogue/abstracts.js';
import type { PersonalKind } from '../store/log/mask.js';
import { ChatClient } from './chat-client.js';
import { llmSummarizer } from './summarizer.js';

/** What a configured language model does for the dialogue; nothing where none is. */
export function byLanguageModel(
  { url, model, key, maxTokens }: Config['llm'],
  mask: readonly PersonalKind[],
): { readonly summarizer?: Summarizer } {
  if (url === undefined) return {};
  const client = new ChatClient({ url, model, maxTokens, ...(key === undefined ? {} : { key }) });
  return { summarizer: llmSummarizer(client, mask) };
}
