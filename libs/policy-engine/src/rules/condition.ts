import type { RuleCondition } from '@signalbox/contracts';
import { ABSENT, parsePointer, valueAt } from '@signalbox/kernel';
import { hostMatches, parseHostPattern, urlHost } from './url-host.js';

/**
 * What a test says of the arguments. `unknown`: the argument is absent or not of the kind that the test is about, so a
 * permit does not match and a forbid denies.
 */
export type Truth = 'yes' | 'no' | 'unknown';
export type Test = (args: unknown) => Truth;

type Value = RuleCondition['value'];
const UNKNOWN: Test = () => 'unknown';
const truth = (holds: boolean): Truth => (holds ? 'yes' : 'no');

/** A condition as a closure. One that makes no sense (a bad pointer, a value its operator cannot take) is always unknown. */
export function compileCondition(condition: RuleCondition): Test {
  const path = parsePointer(condition.pointer);
  const test = testOf(condition.op, condition.value);
  if (path === null || test === null) return UNKNOWN;
  return (args) => {
    const value = valueAt(args, path);
    return value === ABSENT ? 'unknown' : test(value);
  };
}

/** True when the condition can ever be evaluated: its pointer and value fit. */
export function isSoundCondition(condition: RuleCondition): boolean {
  return parsePointer(condition.pointer) !== null && testOf(condition.op, condition.value) !== null;
}

function testOf(op: RuleCondition['op'], value: Value): Test | null {
  switch (op) {
    case 'equals':
      return equals(value);
    case 'oneOf':
      return Array.isArray(value) ? oneOf(new Set(value)) : null;
    case 'startsWith':
      return typeof value === 'string'
        ? (argument) => (typeof argument === 'string' ? truth(argument.startsWith(value)) : 'unknown')
        : null;
    case 'atMost':
      return typeof value === 'number' && Number.isFinite(value)
        ? (argument) =>
            typeof argument === 'number' && Number.isFinite(argument) ? truth(argument <= value) : 'unknown'
        : null;
    case 'urlHost':
      return hostTest(value);
  }
}

/** Exact: no case folding and no Unicode normalisation, so that what is compared is what the tool gets. */
function equals(value: Value): Test {
  if (Array.isArray(value)) {
    return (argument) => {
      if (!Array.isArray(argument)) return 'unknown';
      return truth(argument.length === value.length && value.every((item, index) => item === argument[index]));
    };
  }
  return (argument) => (typeof argument === typeof value ? truth(argument === value) : 'unknown');
}

function oneOf(values: ReadonlySet<string>): Test {
  return (argument) => (typeof argument === 'string' ? truth(values.has(argument)) : 'unknown');
}

function hostTest(value: Value): Test | null {
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value : null;
  if (texts === null) return null;
  const patterns = texts.map(parseHostPattern).filter((pattern) => pattern !== null);
  if (patterns.length !== texts.length) return null;
  return (argument) => {
    const url = typeof argument === 'string' ? urlHost(argument) : null;
    return url === null ? 'unknown' : truth(patterns.some((pattern) => hostMatches(pattern, url)));
  };
}
