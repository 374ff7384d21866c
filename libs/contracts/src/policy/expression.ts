import { z } from 'zod';

/** A question to JSON data that gives JSON; the language is part of JMESPath, see docs/concepts/tools.md. */
export const Expression = z.string().min(1).max(2_048);
