import type { PhoneRun } from './phone-run.js';

/** What stands before or after the number. `strong` names a phone, `weak` speaks of calling, `against` of an id. */
export type PhoneCue = 'strong' | 'weak' | 'against' | 'none';

/** Two-digit prefixes that no country has (ITU-T E.164). */
const NO_COUNTRY = /^(?:28|83|89)/;
const YEAR = /^(?:19|20)\d\d$/;

/** Whether groups with no further digits round them make a phone number; after a + it does not matter what follows. */
export function isPhoneShape(run: PhoneRun, cue: PhoneCue): boolean {
  if (run.plus) return isInternational(run);
  return (
    isDialledAbroad(run, cue) ||
    isNational(run, cue) ||
    isNorthAmerican(run) ||
    isParenthesised(run) ||
    isCued(run, cue)
  );
}

function isInternational({ groups, gaps }: PhoneRun): boolean {
  // In +49 (0)30 the trunk zero is not dialled.
  const digits = groups.filter((group, i) => !(group === '0' && i > 0)).join('');
  if (digits.length < 8 || digits.length > 15) return false;
  if (!isCountry(digits)) return false;
  if (groups.length === 2 && gaps[0] === '.') return false;
  const isAmount = isGroupedByThousand({ groups, gaps }) && (digits.endsWith('000') || digits.length <= 9);
  return !isAmount;
}

/** One is North America, where everybody has eleven digits. */
function isCountry(digits: string): boolean {
  if (digits.startsWith('0') || NO_COUNTRY.test(digits)) return false;
  return !digits.startsWith('1') || (digits.length === 11 && /^1[2-9]/.test(digits));
}

function isDialledAbroad({ groups }: PhoneRun, cue: PhoneCue): boolean {
  const digits = groups.filter((group, i) => !(group === '0' && i > 0)).join('');
  const rest = digits.slice(2);
  if (!groups[0]?.startsWith('00') || rest.length < 9 || rest.length > 13 || !isCountry(rest)) return false;
  if (groups.length > 1) return true;
  // Undivided it may be a number padded with zeros.
  return cue === 'strong' || (cue !== 'against' && !rest.startsWith('1'));
}

function isNational({ groups, gaps, paren }: PhoneRun, cue: PhoneCue): boolean {
  const area = groups[0] ?? '';
  const length = groups.join('').length;
  if (groups.length === 1) return cue !== 'against' && !paren && /^0[1-9]\d{8,10}$/.test(area);
  if (!/^0[1-9]\d{0,4}$/.test(area) || length < 9 || length > 12) return false;
  if (gaps.includes('.')) return groups.length >= 4 && gaps.every((gap) => gap === '.');
  return true;
}

function isNorthAmerican({ groups, gaps, paren }: PhoneRun): boolean {
  const [area, exchange, line, ...more] = groups[0] === '1' ? groups.slice(1) : groups;
  if (more.length > 0 || !area || exchange?.length !== 3 || line?.length !== 4) return false;
  if (!/^[2-9]\d\d$/.test(area)) return false;
  if (paren || gaps.some((gap) => gap.includes('('))) return true;
  return gaps.every((gap) => gap === gaps[0]) && (gaps[0] === '-' || gaps[0] === '.');
}

function isParenthesised({ groups, gaps, paren }: PhoneRun): boolean {
  const [area = '', ...rest] = groups;
  if (!paren || !/^\d{2,5}$/.test(area) || YEAR.test(area)) return false;
  const length = rest.join('').length;
  if (length < 5 || length > 8) return false;
  return area.startsWith('0') ? area.length + length >= 8 : length >= 6 && gaps.slice(1).includes('-');
}

function isCued({ groups, gaps }: PhoneRun, cue: PhoneCue): boolean {
  const length = groups.join('').length;
  if (length < 7 || length > 15 || cue === 'none' || cue === 'against') return false;
  if (groups.length === 2 && gaps[0] === '.') return false;
  if (cue === 'strong') return true;
  const isAmount = isGroupedByThousand({ groups, gaps }) && groups[0]?.length !== 3;
  return groups.length > 1 && !isAmount;
}

function isGroupedByThousand({ groups, gaps }: Pick<PhoneRun, 'groups' | 'gaps'>): boolean {
  const [first = '', ...rest] = groups;
  if (rest.length === 0 || first.length > 3 || rest.some((group) => group.length !== 3)) return false;
  return gaps.every((gap) => gap === gaps[0] && (gap === ' ' || gap === '.'));
}
