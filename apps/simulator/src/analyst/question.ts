/** What the analyst reads out of a question. */
export interface Question {
  /** Name of the first CSV file in it. */
  file: string | undefined;
  /** Its words in lower case, without placeholders and file names; bounded. */
  words: string[];
  /** It asks for the least of something. */
  wantsSmallest: boolean;
  /** Placeholders of people's data in the order they appear, such as `[PERSON_1]`. */
  placeholders: string[];
}

const WORDS_MAX = 64;
const PLACEHOLDER = /\[[A-Z]{2,16}_\d{1,6}\]/g;
const SMALL = /^(lowest|smallest|least|fewest|minimum|min|cheapest|fastest|shortest)$/;
const FILE = /[A-Za-z0-9_.-]{1,120}\.csv\b/;

export function readQuestion(text: string): Question {
  const bare = text.replace(PLACEHOLDER, ' ').replace(new RegExp(FILE, 'g'), ' ').toLowerCase();
  const words = [...new Set(bare.match(/[a-z][a-z0-9]{1,23}/g) ?? [])].slice(0, WORDS_MAX);
  return {
    file: FILE.exec(text)?.[0],
    words,
    wantsSmallest: words.some((word) => SMALL.test(word)),
    placeholders: [...new Set(text.match(PLACEHOLDER) ?? [])],
  };
}

/** The first placeholder of a class, such as PERSON. */
export function placeholderOf(question: Question, className: string): string | undefined {
  return question.placeholders.find((placeholder) => placeholder.startsWith(`[${className}_`));
}
