import { EXTENSIONS } from './extensions.js';
import { literalOf } from './literal.js';
import { type Evaluate, OPERATORS } from './operators.js';
import { asList, asObject, asString, type Json, onlyEntry, Unsupported } from './policy-json.js';
import { CedarSet, type CedarValue, PlainRecord } from './value.js';

/** Closures by the JSON they were made of: policies of one set have much in common, and less memory is faster to walk. */
export type Shared = Map<string, Evaluate>;

type Compile = (expression: unknown) => Evaluate;

/** Deepest nesting of an expression: each level is a call on the stack. */
const DEPTH_MAX = 250;
/** Larger expressions are hardly ever the same as another one. */
const SHARED_CHARS_MAX = 1_024;
const SHAREABLE = new Set(['&&', '||', '!', '.', '==', '!=', '<', '<=', '>', '>=', 'like', 'contains', 'has']);

/** An expression of Cedar's JSON policy format as a closure. Throws Unsupported. */
export function compileExpression(expression: unknown, shared: Shared, depth = 0): Evaluate {
  if (depth > DEPTH_MAX) throw new Unsupported(`an expression is nested deeper than ${DEPTH_MAX} levels`);
  const [operator, operand] = onlyEntry(expression);
  const compile: Compile = (inner) => compileExpression(inner, shared, depth + 1);
  const text = SHAREABLE.has(operator) ? JSON.stringify(expression) : null;
  if (text === null || text.length > SHARED_CHARS_MAX) return compileOperator(operator, operand, compile);
  let found = shared.get(text);
  if (found === undefined) shared.set(text, (found = compileOperator(operator, operand, compile)));
  return found;
}

function compileOperator(operator: string, operand: unknown, compile: Compile): Evaluate {
  if (operator === 'Value') return constant(literalOf(operand));
  if (operator === 'Var') return variable(asString(operand, 'a variable'));
  if (operator === 'Set') return setOf(asList(operand, 'a set'), compile);
  if (operator === 'Record') return recordOf(asObject(operand, 'a record'), compile);
  const extension = EXTENSIONS.get(operator);
  if (extension) return callOf(operator, extension, asList(operand, operator), compile);
  const compiler = OPERATORS[operator];
  if (compiler === undefined || !Object.hasOwn(OPERATORS, operator))
    throw new Unsupported(`there is no operator ${operator.slice(0, 64)}`);
  return compiler(asObject(operand, operator), compile);
}

const constant =
  (value: CedarValue): Evaluate =>
  () =>
    value;

function variable(name: string): Evaluate {
  switch (name) {
    case 'principal':
      return (request) => request.principal;
    case 'action':
      return (request) => request.action;
    case 'resource':
      return (request) => request.resource;
    case 'context':
      return (request) => request.context;
    default:
      throw new Unsupported(`there is no variable ${name.slice(0, 64)}`);
  }
}

function setOf(items: unknown[], compile: Compile): Evaluate {
  const compiled = items.map((item) => compile(item));
  // A set of values written out is made once.
  if (items.every((item) => onlyEntry(item)[0] === 'Value'))
    return constant(new CedarSet(items.map((item) => literalOf(onlyEntry(item)[1]))));
  return (request) => new CedarSet(compiled.map((item) => item(request)));
}

function recordOf(attributes: Json, compile: Compile): Evaluate {
  const compiled = Object.entries(attributes).map(([name, item]) => [name, compile(item)] as const);
  return (request) => new PlainRecord(new Map(compiled.map(([name, item]) => [name, item(request)])));
}

function callOf(
  name: string,
  { arity, call }: { arity: number; call: (...args: CedarValue[]) => CedarValue },
  args: unknown[],
  compile: Compile,
): Evaluate {
  if (args.length !== arity) throw new Unsupported(`${name} does not take ${args.length} arguments`);
  const [first, second] = args.map((arg) => compile(arg));
  if (second !== undefined) return (request) => call(first!(request), second(request));
  return (request) => call(first!(request));
}
