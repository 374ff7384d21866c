import { attributeOf, hasAttribute, isIn } from './access.js';
import { compilePattern } from './like.js';
import { literalOf } from './literal.js';
import { add, multiply, negate, subtract } from './long.js';
import { asList, asObject, asString, type Json, onlyEntry, Unsupported } from './policy-json.js';
import type { CedarRequest } from './request.js';
import {
  asBoolean,
  asEntity,
  asLong,
  asSet,
  asText,
  CedarDatetime,
  CedarDuration,
  type CedarValue,
  equals,
  type Long,
  wrong,
} from './value.js';

/** Throws EvaluationError. */
export type Evaluate = (request: CedarRequest) => CedarValue;

type Binary = (left: CedarValue, right: CedarValue, request: CedarRequest) => CedarValue;
/** Makes a closure of an operator's operands, whose expressions it compiles by `compile`. Throws Unsupported. */
type Compiler = (operand: Json, compile: (expression: unknown) => Evaluate) => Evaluate;

const unary =
  (apply: (value: CedarValue, request: CedarRequest) => CedarValue): Compiler =>
  ({ arg }, compile) => {
    const value = compile(arg);
    return (request) => apply(value(request), request);
  };

const binary =
  (apply: Binary): Compiler =>
  ({ left, right }, compile) => {
    const [a, b] = [compile(left), compile(right)];
    return (request) => apply(a(request), b(request), request);
  };

const arithmetic = (apply: (a: Long, b: Long) => Long): Compiler => binary((a, b) => apply(asLong(a), asLong(b)));

/** Of two whole numbers, two times or two durations. */
const comparison = (apply: (a: Long, b: Long) => boolean): Compiler =>
  binary((a, b) => {
    if (a instanceof CedarDatetime) return apply(a.ms, b instanceof CedarDatetime ? b.ms : wrong('a time'));
    if (a instanceof CedarDuration) return apply(a.ms, b instanceof CedarDuration ? b.ms : wrong('a duration'));
    return apply(asLong(a), asLong(b));
  });

/** `a && b && c`, or the same with `||`: an operand is looked at only where those before did not settle it. */
const junction =
  (name: '&&' | '||', settles: boolean): Compiler =>
  (operand, compile) => {
    const operands = [operand['right']];
    let { left } = operand;
    for (let [operator, inner] = onlyEntry(left); operator === name; [operator, inner] = onlyEntry(left)) {
      const deeper = asObject(inner, name);
      operands.unshift(deeper['right']);
      left = deeper['left'];
    }
    const [first, second, ...more] = [left, ...operands].map(compile);
    if (more.length === 0)
      return (request) => (asBoolean(first!(request)) === settles ? settles : asBoolean(second!(request)));
    const all = [first!, second!, ...more];
    return (request) => {
      for (const one of all) if (asBoolean(one(request)) === settles) return settles;
      return !settles;
    };
  };

/** A path such as `context.arguments.url` is one closure: most of what policies do is to follow them. */
const attribute: Compiler = ({ left, attr }, compile) => {
  const path = [asString(attr, 'the name of an attribute')];
  let [operator, operand] = onlyEntry(left);
  let root = left;
  while (operator === '.') {
    const inner = asObject(operand, 'an attribute');
    path.unshift(asString(inner['attr'], 'the name of an attribute'));
    root = inner['left'];
    [operator, operand] = onlyEntry(root);
  }
  const [first, second, ...more] = path as [string, ...string[]];
  if (operator === 'Var' && operand === 'context' && second !== undefined && more.length === 0)
    return (request) => attributeOf(request.context.get(first), second, request);
  const of = compile(root);
  if (second === undefined) return (request) => attributeOf(of(request), first, request);
  return (request) => path.reduce((value, name) => attributeOf(value, name, request), of(request));
};

/** `a has b.c` is `a has b && a.b has c`. */
const has: Compiler = ({ left, attr }, compile) => {
  const of = compile(left);
  const path = (Array.isArray(attr) ? attr : [attr]).map((name) => asString(name, 'the name of an attribute'));
  const last = path.pop();
  if (last === undefined) throw new Unsupported('has names no attribute');
  if (path.length === 0) return (request) => hasAttribute(of(request), last, request);
  return (request) => {
    let value = of(request);
    for (const name of path) {
      if (!hasAttribute(value, name, request)) return false;
      value = attributeOf(value, name, request);
    }
    return hasAttribute(value, last, request);
  };
};

const like: Compiler = ({ left, pattern }, compile) => {
  const text = compile(left);
  const matches = compilePattern(
    asList(pattern, 'a pattern').map((part) =>
      part === 'Wildcard' ? null : asString(asObject(part, 'a part of a pattern')['Literal'], 'a part of a pattern'),
    ),
  );
  return (request) => matches(asText(text(request)));
};

const is: Compiler = ({ left, entity_type: entityType, in: within }, compile) => {
  const [one, type] = [compile(left), asString(entityType, 'the type of an entity')];
  if (within === undefined) return (request) => asEntity(one(request)).type === type;
  const others = compile(within);
  return (request) => {
    const uid = asEntity(one(request));
    return uid.type === type && isIn(uid, others(request), request);
  };
};

/** Most are comparisons with a text or a number that is written out. */
const equality =
  (isWanted: boolean): Compiler =>
  (operand, compile) => {
    const { right } = operand;
    const [operator, literal] = onlyEntry(right);
    if (operator !== 'Value' || typeof literal === 'object')
      return binary((a, b) => equals(a, b) === isWanted)(operand, compile);
    const [value, wanted] = [compile(operand['left']), literalOf(literal)];
    return (request) => (value(request) === wanted) === isWanted;
  };

const ifThenElse: Compiler = ({ if: condition, then, else: otherwise }, compile) => {
  const [test, yes, no] = [condition, then, otherwise].map((part) => compile(part));
  return (request) => (asBoolean(test!(request)) ? yes! : no!)(request);
};

/** The operators of Cedar's JSON policy format. */
export const OPERATORS: Record<string, Compiler> = {
  '!': unary((value) => !asBoolean(value)),
  neg: unary((value) => negate(asLong(value))),
  isEmpty: unary((value) => asSet(value).isEmpty),
  '==': equality(true),
  '!=': equality(false),
  '<': comparison((a, b) => a < b),
  '<=': comparison((a, b) => a <= b),
  '>': comparison((a, b) => a > b),
  '>=': comparison((a, b) => a >= b),
  '+': arithmetic(add),
  '-': arithmetic(subtract),
  '*': arithmetic(multiply),
  '&&': junction('&&', false),
  '||': junction('||', true),
  in: binary(isIn),
  contains: binary((set, value) => asSet(set).has(value)),
  containsAll: binary((set, others) => asSet(set).hasAll(asSet(others))),
  containsAny: binary((set, others) => asSet(set).hasAny(asSet(others))),
  getTag: binary((one, name, { entities }) => entities.tag(asEntity(one), asText(name))),
  hasTag: binary((one, name, { entities }) => entities.hasTag(asEntity(one), asText(name))),
  '.': attribute,
  has,
  like,
  is,
  'if-then-else': ifThenElse,
};
