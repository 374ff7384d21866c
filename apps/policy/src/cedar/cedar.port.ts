/** Something about the text of a policy, and where: line and column from 1. */
export interface CedarFault {
  message: string;
  at: { line: number; column: number } | null;
}

type Json = Record<string, unknown>;

/** Cedar's own parser and validator. */
export abstract class CedarPort {
  /** One policy in Cedar's JSON policy format, or why the text is not one. */
  abstract parse(text: string): { json: Json } | { faults: CedarFault[] };
  /** What keeps a policy from being safe under a schema (strict mode), and whether it could never apply. */
  abstract validate(text: string, schema: Json): { faults: CedarFault[]; isImpossible: boolean };
  /** A schema in Cedar's own notation. */
  abstract schemaText(schema: Json): string;
}
