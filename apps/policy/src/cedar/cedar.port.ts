/** Something about the text of a policy, and where: line and column from 1. */
export interface CedarFault {
  message: string;
  at: { line: number; column: number } | null;
}

export interface Validity {
  faults: CedarFault[];
  isImpossible: boolean;
}

type Json = Record<string, unknown>;

/** A request in Cedar's JSON notation. */
export interface CedarQuestion {
  principal: CedarUid;
  action: CedarUid;
  resource: CedarUid;
  context: Json;
  entities: { uid: CedarUid; attrs: Json; parents: CedarUid[] }[];
}
interface CedarUid {
  type: string;
  id: string;
}
/** What a policy does with a request: it holds, it does not, or it cannot be evaluated. */
export type Effect = 'applies' | 'passes' | 'fails';

export interface CedarAnswer {
  decision: 'allow' | 'deny';
  /** The forbids that hold, else the permits that do. */
  reasons: string[];
  errors: string[];
}

/** Cedar's own parser, validator and engine. */
export abstract class CedarPort {
  /** One policy in Cedar's JSON policy format, or why the text is not one. */
  abstract parse(text: string): { json: Json } | { faults: CedarFault[] };
  /** Of policies by id: what keeps each from being safe under a schema (strict mode), and whether it could never apply. */
  abstract validate(texts: ReadonlyMap<string, string>, schema: Json): Map<string, Validity>;
  /** What a policy does with a request, by Cedar's own engine. */
  abstract effectOf(text: string, question: CedarQuestion): Effect;
  /** What several policies make of a request, by Cedar's own rules, which pass over one that cannot be evaluated. */
  abstract decide(texts: Readonly<Record<string, string>>, question: CedarQuestion): CedarAnswer;
  /** A schema in Cedar's own notation. */
  abstract schemaText(schema: Json): string;
}
