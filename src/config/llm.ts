import { z } from 'zod';

/** An OpenAI-compatible language model; nothing depends on it. */
export const llmSchema = z
  .strictObject({
    /** HEARKEN_LLM_URL: base address, `/v1` included. Without it there is no language model. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** HEARKEN_LLM_MODEL */
    model: z.string().min(1).max(200).default('default'),
    /** HEARKEN_LLM_KEY */
    key: z.string().min(1).max(1000).optional(),
    maxTokens: z.number().int().min(16).max(4096).default(300),
  })
  .prefault({});
