import { Parser, type Reference } from './expression-parser.js';
import { failExpression, Work } from './expression-work.js';
import { EXPRESSION_CHARS_MAX, EXPRESSIONS_KEPT_MAX } from './settings.js';

export type { Reference } from './expression-parser.js';

/** An expression that was understood. */
export interface Expression {
  references: readonly Reference[];
  /** Throws EXPRESSION_FAILED; takes a bounded time whatever the scope holds. Those that are given one `work` share it. */
  valueIn(scope: Record<string, unknown>, work?: Work): unknown;
}

const kept = new Map<string, Expression>();

/** Reads an expression. Throws EXPRESSION_FAILED with what is wrong with it. */
export function expressionOf(text: string): Expression {
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (text.length > EXPRESSION_CHARS_MAX)
    return failExpression(`The expression is longer than ${EXPRESSION_CHARS_MAX} characters.`);
  const parser = new Parser(text);
  const node = parser.whole();
  const expression: Expression = {
    references: parser.references,
    valueIn: (scope, work = new Work()) => node(scope, work),
  };
  // All of a busy router's tools and plans fit; who has more reads again.
  if (kept.size >= EXPRESSIONS_KEPT_MAX) kept.clear();
  kept.set(text, expression);
  return expression;
}
