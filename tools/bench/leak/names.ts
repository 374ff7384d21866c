import type { Dice } from '../privacy/made-values.ts';

const words = (text: string): string[] => text.split(' ');

/** Given names and parts of family names by language, written down for this test; no list of the recognisers was used. */
const PEOPLE = [
  {
    given: words('Annelore Burkhard Friederike Gunther Heidrun Ottmar'),
    head: words('Krahen Lindel Stolper Wiesel Habers Moosa Tauben Ruden'),
    tail: words('hofer meister bauer inger kamp egger huber'),
  },
  {
    given: words('Agnieszka Bogumil Czeslaw Danuta Jadwiga Zdzislaw'),
    head: words('Kwiat Marcz Olsz Gorzel Brzoz Wierzb Szczyp Drozd'),
    tail: words('kowski ewicz ynska ownik anski orowicz alczyk'),
  },
  {
    given: words('Asbjorn Gudrun Hjordis Ragnvald Signe Torbjorn'),
    head: words('Ekel Furu Hassel Klint Sjoga Torne Bjorne Svarte'),
    tail: words('strand gaard kvist holmen bakken dalen fjord'),
  },
  {
    given: words('Aoife Diarmuid Fionnuala Niamh Padraig Ruairi'),
    head: words('Kettle Thistle Harrow Wether Birken Osmother Pickle Cattle'),
    tail: words('thorpe wick shaw bourne stead field ridge'),
  },
  {
    given: words('Baldassare Concetta Ermenegilda Gaspare Ornella Raimondo'),
    head: words('Bellac Fontan Montev Scarp Trinch Gualt Pasqual Tornab'),
    tail: words('inelli eschi azzoni ecchio arelli uolini ettari'),
  },
  {
    given: words('Chukwuemeka Folasade Ifeoma Olumide Temitope Yewande'),
    head: words('Adeb Oluw Chuk Fasan Okon Babat Ekwun Nwach'),
    tail: words('ayomike uremi wudinma jolapo edeji unadike ombolu'),
  },
  {
    given: words('Aikaterini Charalampos Evangelia Panagiotis Stamatia Vasileios'),
    head: words('Karam Stath Theod Vass Lymp Petr Kalog Xanth'),
    tail: words('opoulos ellidis akakis iannakou erakis antzis oulakis'),
  },
  {
    given: words('Arantxa Begona Fermin Iker Maialen Urtzi'),
    head: words('Goiko Iturri Mendi Zabal Larra Etxe Urru Aranz'),
    tail: words('etxarri berroa zabaleta arrieta gorritxo garate mendia'),
  },
  {
    given: words('Avtandil Ekaterine Giorgi Ketevan Nodar Tamar'),
    head: words('Beri Gela Kobal Mchel Shaver Tsere Lomta Kvari'),
    tail: words('tskhelia dzishvili aneidze ashvili urtskaia khuradze bitadze'),
  },
  {
    given: words('Anuradha Balakrishna Jayanthi Murugan Padmavathi Sridhar'),
    head: words('Chandra Gopala Rama Venka Subra Nara Vira Parama'),
    tail: words('sekharan krishnaiah murthyappa teswaran manohar simhulu bhadraiah'),
  },
  // Names that are words, as the hardest are.
  {
    given: words('Grace Hope Mark Rose Will Dawn'),
    head: words('White Black Sand Wood South Under Good Water'),
    tail: words('house stone bridge fields water wood fellow'),
  },
] as const;

const STREETS = [
  (dice: Dice, number: number) =>
    `${number} ${dice.of(words('Bracken Gosling Marigold Pewter Tannery'))} ${dice.of(words('Lane Road Street Avenue'))}`,
  (dice: Dice, number: number) =>
    `${dice.of(words('Kastanien Muehlen Weiden Birnbaum'))}${dice.of(words('allee strasse weg'))} ${number}`,
  (dice: Dice, number: number) =>
    `${number} rue ${dice.of(['des Tilleuls', 'du Moulin', 'de la Fontaine', 'Jean Moulin'])}`,
  (dice: Dice, number: number) => `Calle ${dice.of(['del Naranjo', 'de la Paloma', 'Real Vieja'])} ${number}`,
  (dice: Dice, number: number) => `via ${dice.of(['dei Mandorli', 'Garibaldi', 'San Rocco'])} ${number}`,
  (dice: Dice, number: number) =>
    `${dice.of(words('Wilgen Molen Kersen'))}${dice.of(words('straat laan weg'))} ${number}`,
] as const;

/** A full name, and the part of it that is looked for: the given name alone names nobody. */
export function personName(dice: Dice): { value: string; shown: string } {
  const { given, head, tail } = dice.of(PEOPLE);
  const family = `${dice.of(head)}${dice.of(tail)}`;
  return { value: `${dice.of(given)} ${family}`, shown: family };
}

/** Street and number; with four digits each of them stands for itself. */
export function streetAddress(dice: Dice): string {
  return dice.of(STREETS)(dice, 1_000 + dice.below(8_999));
}
