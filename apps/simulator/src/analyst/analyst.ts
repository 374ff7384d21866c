import type { ChatRequest, Turn } from '../chat-request.js';
import type { Play } from '../play.js';
import { placeholderOf, type Question, readQuestion } from './question.js';
import { findSummary, type Summary } from './summary.js';
import { chooseTools, type ToolChoice } from './tool-choice.js';

const SIMULATED = '(Signalbox simulation: written by rules, not by a language model.)';
const CELLS_MAX = 6;

/** Plays a small, honest analyst by rules, where no script says otherwise. */
export function analystPlay(request: ChatRequest, turn: Turn): Play {
  const question = readQuestion(turn.question);
  const choice = chooseTools(request.tools, question, turn.question);
  if (choice && turn.step === 0) return firstStep(choice, question);
  const text = turn.toolAnswers.length > 0 ? answerFromTools(turn, question) : plainAnswer(turn, question);
  return { text, calls: [], delayMs: 0 };
}

function firstStep(choice: ToolChoice, question: Question): Play {
  const misbehaving = choice.outside ? ` On purpose I also try to send it outside with ${choice.outside.name}.` : '';
  return {
    text: `I read ${question.file ?? 'the file'} with ${choice.code.name}.${misbehaving}`,
    calls: choice.outside ? [choice.code, choice.outside] : [choice.code],
    delayMs: 0,
  };
}

/** A capital for a first word of ours; names of files keep theirs. */
const sentence = (text: string): string => text.replace(/^th(is|e)\b/, 'Th$1');

const greeting = (question: Question): string => {
  const person = placeholderOf(question, 'PERSON');
  return person === undefined ? '' : `${person}, `;
};

/** Names all other data of the person that the question held, so that one sees each come back. */
function contactLine(question: Question): string {
  const others = question.placeholders.filter((placeholder) => placeholder !== placeholderOf(question, 'PERSON'));
  return others.length === 0 ? '' : ` You gave me ${others.join(', ')}; I passed that on to nobody.`;
}

function answerFromTools(turn: Turn, question: Question): string {
  const summary = turn.toolAnswers.map((answer) => findSummary(answer.content)).find((found) => found !== undefined);
  const refused = turn.toolAnswers.filter((answer) => /TOOL_DENIED|denied|refused|not permitted/i.test(answer.content));
  const told = summary
    ? describe(summary, question.wantsSmallest)
    : `the tools gave me no summary of ${question.file ?? 'a file'} that I can read.`;
  const refusal = refused.map((answer) => ` My call of ${answer.name} was refused.`).join('');
  return sentence(`${greeting(question)}${told}${refusal}${contactLine(question)} ${SIMULATED}`);
}

function describe(summary: Summary, smallestFirst: boolean): string {
  const about = `${summary.file} has ${summary.rows} rows with the columns ${summary.columns.join(', ')}.`;
  const range = summary.best && summary.numeric[summary.best.column];
  if (!summary.best || !range) return `${about} None of them holds only numbers.`;
  const { column, largest, smallest } = summary.best;
  const ends = [
    `largest ${column} is ${range.max} (${cells(largest, column)})`,
    `smallest ${column} is ${range.min} (${cells(smallest, column)})`,
  ];
  const [first, second] = smallestFirst ? ends.toReversed() : ends;
  return `the ${first}; the ${second}; the mean is ${range.mean}. ${about}`;
}

function cells(row: Record<string, unknown>, without: string): string {
  const shown = Object.entries(row).filter(([name]) => name !== without);
  return shown
    .slice(0, CELLS_MAX)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

function plainAnswer(turn: Turn, question: Question): string {
  const words = turn.question.split(/\s+/).filter((word) => word !== '').length;
  return sentence(
    `${greeting(question)}this is the simulated provider of Signalbox; your message has ${words} words.${contactLine(question)} ${SIMULATED}`,
  );
}
