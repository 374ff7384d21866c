/** Letters of other scripts with the shape of a Latin one (Unicode TR 39, its single letters alone): `<theirs> <ours>`. */
const LETTERS =
  '\u0410A \u0412B \u0415E \u0405S \u0406I \u0408J \u041aK \u041cM \u041dH \u041eO \u0420P \u0421C \u0422T \u0423Y \u0425X ' +
  '\u0430a \u0435e \u0455s \u0456i \u0458j \u043eo \u0440p \u0441c \u0443y \u0445x \u04bbh \u0501d \u051bq \u051dw \u04cfl ' +
  '\u0391A \u0392B \u0395E \u0396Z \u0397H \u0399I \u039aK \u039cM \u039dN \u039fO \u03a1P \u03a4T \u03a5Y \u03a7X ' +
  '\u03b1a \u03b9i \u03bdv \u03bfo \u03c1p \u03c5u \u03f2c \u03f3j ' +
  '\u0131i \u0261g \u0585o \u0578n \u057du \u0570h';

/** A text that mixes scripts to get past its reader reads as it looks. */
export const LOOK_ALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  LETTERS.split(' ').map((pair) => [pair.charAt(0), pair.charAt(1)]),
);
