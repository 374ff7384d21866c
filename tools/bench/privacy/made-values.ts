/** A seeded source of choices (mulberry32), so that every run measures the same texts. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('');
  }
}

const words = (text: string): string[] => text.split('|').map((word) => word.trim());

/** Names of many countries, written down for this corpus; most are in no list of the recognisers. */
const GIVEN = words(
  'Tuulikki|Rasmus|Wanjiru|Oluwaseun|Xochitl|Bartosz|Dagny|Eoghan|Siobhan|Thandiwe|Kwabena|Yevhen|Oksana|Ngozi|Itziar|Joao|Beatriz|Caoimhe|Zbigniew|Halvard|Mirela|Radu|Dimitra|Stavros|Leocadia|Amaury|Thibault|Solveig|Anders|Priyanka|Raghunath|Meera|Takumi|Haruka|Minh|Thuy|Ayse|Mehmet|Farid|Leila|Grace|Will|Hope|Mark|Rose|Jack|Ruth|Dean|Nikolaus|Annegret|Gisela|Wolfram|Emily|Josh|Hannah|Luis|Carmen|Paolo|Chiara|Marek',
);
const FAMILY = words(
  'Aaltonen|Kiptanui|Adeyemi-Okafor|Quetzalli|Wojciechowski|Fjeldsoe|O Dubhghaill|Nkosi|Boateng|Shevchuk|Etxeberria|Vasconcelos|Brennan|Szczepanski|Thorvaldsen|Ionescu|Papadimitriou|de la Cruz|Beaumont|van der Meulen|Lindqvist|Krishnamurthy|Iyer|Watanabe|Nguyen|Yilmaz|Rahimi|Page|Stone|Rivers|Hill|Baker|Carter|Young|Schreiner|Oberhuber|Zimmermann|Lehtinen|Castellanos|Marchetti|Novotny|Dvorakova|Hughes|Clark|Mac Giolla|El-Amin|Haddad|Silva|Moreau',
);
const CITIES = words(
  'Trondheim|Jyvaskyla|Bydgoszcz|Coimbra|Ghent|Limerick|Windhoek|Nakuru|Oaxaca|Valparaiso|Nagoya|Pune|Izmir|Aarhus|Bergamo|Leipzig|Bristol|Des Moines|Baton Rouge|Saskatoon|Wollongong|Brno|Cluj-Napoca|Thessaloniki|Donostia|Utrecht|Kumasi|Hue|Shiraz|Little Snoring|Ljungby|Bad Aibling',
);
const COUNTRIES = words(
  'Norway|Finland|Poland|Portugal|Belgium|Ireland|Namibia|Kenya|Mexico|Chile|Japan|India|Turkey|Denmark|Italy|Germany|United Kingdom|Canada|Australia|Ghana|Vietnam|South Africa',
);
const FIRMS = words(
  'Brightwater Logistics Ltd|Nordlys Energi AS|Halcyon Foods|Quillfeather Media|Ostrava Steel s.r.o.|Tidewrack Holdings|Lumen & Sons|Blue Heron Insurance|Vantage Rail GmbH|Peregrine Analytics Inc.|Okoro Brothers|Casa Verde Imports|Zephyrine|Mountain Goat Brewing Company|Sakura Robotics|First Harbour Bank|Tenfold Ventures LLC|Ardmore Clinic',
);
const NATIONS = words(
  'Norwegian|Finnish|Polish|Portuguese|Belgian|Irish|Kenyan|Mexican|Japanese|Indian|Turkish|Danish|Italian|German|Canadian|Vietnamese',
);
const JOBS = words(
  'Civil Engineer|Head Nurse|Tax Accountant|Primary School Teacher|Web Developer|Forklift Driver|Chief Financial Officer|Dental Hygienist|Paralegal|Sous Chef',
);
const MONTHS = words('January|February|March|April|June|July|August|September|October|November|December');
const HOSTS = words(
  'posteo.example|mailbox.test|brightwater.co.uk|ardmore-clinic.ie|okoro.com.ng|quillfeather.net|lehtinen.fi',
);

export type Maker = (dice: Dice) => string;

function luhn(body: string): string {
  let sum = 0;
  for (const [i, digit] of [...body].toReversed().entries()) {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return body + String((10 - (sum % 10)) % 10);
}

function iban(dice: Dice): string {
  const [country, size] = dice.of([
    ['DE', 18],
    ['NL', 0],
    ['ES', 20],
    ['FI', 14],
    ['PL', 24],
  ] as const);
  const bban = country === 'NL' ? `INGB${dice.digits(10)}` : dice.digits(size);
  const number = [...`${bban}${country}00`].map((char) => Number.parseInt(char, 36)).join('');
  const compact = country + String(98n - (BigInt(number) % 97n)).padStart(2, '0') + bban;
  return dice.below(2) === 0 ? compact : (compact.match(/.{1,4}/g) ?? []).join(' ');
}

function phone(dice: Dice): string {
  return dice.of<Maker>([
    (d) =>
      `+${d.of(['44', '49', '358', '48', '351', '254'])} ${d.of(['20', '30', '9', '22'])} ${d.digits(3)} ${d.digits(4)}`,
    (d) => `(${2 + d.below(8)}${d.digits(2)}) ${2 + d.below(8)}${d.digits(2)}-${d.digits(4)}`,
    (d) => `${2 + d.below(8)}${d.digits(2)}-${2 + d.below(8)}${d.digits(2)}-${d.digits(4)}`,
    (d) => `0${d.of(['171', '20', '161', '33'])} ${d.digits(7)}`,
  ])(dice);
}

function address(dice: Dice): string {
  return dice.of<Maker>([
    (d) =>
      `${1 + d.below(200)} ${d.of(['Mill', 'Orchard', 'Station', 'Kingfisher', 'Abbey', 'Saint Clare'])} ${d.of(['Lane', 'Road', 'Street', 'Avenue', 'Close', 'Drive'])}, ${d.of(CITIES)}`,
    (d) =>
      `${d.of(['Lindenstrasse', 'Hauptstr.', 'Goetheweg', 'Am Markt'])} ${1 + d.below(120)}, ${d.digits(5)} ${d.of(CITIES)}`,
    (d) => `${1 + d.below(90)} rue ${d.of(['des Lilas', 'Victor Hugo', 'de la Gare'])}, ${d.digits(5)} ${d.of(CITIES)}`,
    (d) => `Calle ${d.of(['Mayor', 'del Olmo', 'San Anton'])} ${1 + d.below(90)}, ${d.digits(5)} ${d.of(CITIES)}`,
    (d) => `${d.of(['Keizersgracht', 'Dorpsstraat', 'Kerkweg'])} ${1 + d.below(400)}, ${d.of(CITIES)}`,
    (d) =>
      `${100 + d.below(9000)} ${d.of(['Elm', 'Cedar Ridge', 'Martin Luther King', 'Old Post'])} ${d.of(['Blvd', 'Rd', 'St', 'Parkway'])} Apt ${1 + d.below(60)}, ${d.of(CITIES)}, ${d.of(['TX', 'OH', 'WA'])} ${d.digits(5)}`,
    (d) => `P.O. Box ${d.digits(4)}, ${d.of(CITIES)}`,
  ])(dice);
}

const person: Maker = (dice) => `${dice.of(GIVEN)} ${dice.of(FAMILY)}`;
const ssn: Maker = (dice) => `${100 + dice.below(500)}-${10 + dice.below(89)}-${1000 + dice.below(8999)}`;

/** What a slot of a template is filled with, and the label it gets. */
export const SLOTS: Readonly<Record<string, readonly [type: string, make: Maker]>> = {
  person: ['PERSON', person],
  given: ['PERSON', (dice) => dice.of(GIVEN)],
  family: ['PERSON', (dice) => dice.of(FAMILY)],
  city: ['LOCATION', (dice) => dice.of(CITIES)],
  country: ['LOCATION', (dice) => dice.of(COUNTRIES)],
  address: ['LOCATION', address],
  firm: ['ORGANIZATION', (dice) => dice.of(FIRMS)],
  nation: ['NRP', (dice) => dice.of(NATIONS)],
  job: ['TITLE', (dice) => dice.of(JOBS)],
  date: ['DATE_TIME', (dice) => `${1 + dice.below(28)} ${dice.of(MONTHS)} ${1950 + dice.below(70)}`],
  shortdate: ['DATE_TIME', (dice) => `${10 + dice.below(18)}/0${1 + dice.below(9)}/${1950 + dice.below(70)}`],
  age: ['AGE', (dice) => String(18 + dice.below(70))],
  email: [
    'EMAIL_ADDRESS',
    (dice) => `${dice.of(GIVEN)}.${dice.of(FAMILY).replace(/[^A-Za-z]/g, '')}@${dice.of(HOSTS)}`.toLowerCase(),
  ],
  phone: ['PHONE_NUMBER', phone],
  card: ['CREDIT_CARD', (dice) => luhn(dice.of(['4539', '5163', '6011']) + dice.digits(11))],
  iban: ['IBAN_CODE', iban],
  ssn: ['US_SSN', ssn],
  ip: ['IP_ADDRESS', (dice) => `${11 + dice.below(100)}.${dice.below(255)}.${dice.below(255)}.${1 + dice.below(254)}`],
  url: ['URL', (dice) => `https://www.${dice.of(HOSTS)}/${dice.of(['staff', 'about', 'team'])}`],
};
