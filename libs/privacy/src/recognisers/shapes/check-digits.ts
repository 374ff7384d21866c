/** Check digits of national and bank numbers; `digits` hold nothing but digits. */

const weighted = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);

/** United States: Social Security number or taxpayer number; ranges only, it has no check digit (SSA, IRS). */
export function isSsn(digits: string): boolean {
  const area = digits.slice(0, 3);
  const group = digits.slice(3, 5);
  if (digits.slice(5) === '0000' || group === '00' || /^(\d)\1{8}$/.test(digits) || digits === '123456789')
    return false;
  if (area.startsWith('9')) return /^(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])$/.test(group);
  return area !== '000' && area !== '666';
}

/** United States: bank routing number (ABA). */
export function isRouting(digits: string): boolean {
  return (
    /^(?:0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)/.test(digits) &&
    weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0
  );
}

/** Netherlands: burgerservicenummer, the eleven test. */
export function isBsn(digits: string): boolean {
  return digits !== '000000000' && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** United Kingdom: NHS number, modulus 11. */
export function isNhs(digits: string): boolean {
  const check = 11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return check !== 10 && check % 11 === Number(digits[9]);
}

/** Poland: PESEL, a date of birth with its century in the month, and a check digit. */
export function isPesel(digits: string): boolean {
  const month = Number(digits.slice(2, 4)) % 20;
  const day = Number(digits.slice(4, 6));
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  return weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

/** Germany: Steuer-Identifikationsnummer, ISO 7064 mod 11,10. */
export function isSteuerId(digits: string): boolean {
  if (digits.startsWith('0')) return false;
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits[10]);
}

/** Brazil: CPF of persons, two check digits. */
export function isCpf(digits: string): boolean {
  if (/^(\d)\1+$/.test(digits)) return false;
  const check = (count: number): number => {
    const weights = Array.from({ length: count }, (_, i) => count + 1 - i);
    return ((weighted(digits, weights) * 10) % 11) % 10;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}

/** Brazil: CNPJ of companies, two check digits. */
export function isCnpj(digits: string): boolean {
  if (/^(\d)\1+$/.test(digits)) return false;
  const weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
  const check = (count: number): number => {
    const rest = weighted(digits, weights.slice(13 - count)) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  return check(12) === Number(digits[12]) && check(13) === Number(digits[13]);
}

/** France: numéro de sécurité sociale, 97 minus the rest of the first thirteen digits. */
export function isNir(digits: string): boolean {
  if (!/^[1-478]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)/.test(digits)) return false;
  return 97 - Number(BigInt(digits.slice(0, 13)) % 97n) === Number(digits.slice(13));
}

const DIHEDRAL = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const PERMUTED = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** India: Aadhaar, Verhoeff's check digit. */
export function isAadhaar(digits: string): boolean {
  if (/^[01]/.test(digits)) return false;
  let sum = '0';
  for (let i = 0; i < digits.length; i += 1) {
    const digit = PERMUTED[i % 8]![Number(digits[digits.length - 1 - i])]!;
    sum = DIHEDRAL[Number(sum)]![Number(digit)]!;
  }
  return sum === '0';
}

/** Spain: the letter of a DNI, or of a NIE whose X, Y or Z counts as 0, 1 or 2. */
export function isDni(number: string, letter: string): boolean {
  const digits = number.replace(/^[xyz]/, (first) => String('xyz'.indexOf(first)));
  return 'trwagmyfpdxbnjzsqvhlcke'[Number(digits) % 23] === letter;
}

const ODD = new Map(
  [...'0123456789abcdefghijklmnopqrstuvwxyz'].map((char, i) => [
    char,
    [
      1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
      22, 25, 24, 23,
    ][i]!,
  ]),
);

/** Italy: the last letter of a codice fiscale. */
export function isCodiceFiscale(code: string): boolean {
  let sum = 0;
  for (const [i, char] of [...code.slice(0, 15)].entries()) {
    const value = Number.parseInt(char, 36);
    sum += i % 2 === 0 ? (ODD.get(char) ?? 0) : value < 10 ? value : value - 10;
  }
  return 'abcdefghijklmnopqrstuvwxyz'[sum % 26] === code[15];
}

const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/** Vehicle identification number: the ninth character checks the others (ISO 3779, North America). */
export function isVin(vin: string): boolean {
  let sum = 0;
  for (const [i, char] of [...vin].entries()) {
    const letter = 'abcdefgh-jklmn-p-r-stuvwxyz'.indexOf(char);
    // a-h are 1-8, j-r are 1-9, s-z are 2-9.
    const value = letter < 0 ? Number(char) : letter < 8 ? letter + 1 : letter < 18 ? letter - 8 : letter - 17;
    sum += VIN_WEIGHTS[i]! * value;
  }
  const check = sum % 11;
  return vin[8] === (check === 10 ? 'x' : String(check));
}
