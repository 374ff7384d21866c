/** How an error is meant: decides the HTTP status, the retry and what happens to the message. */
export const ERROR_KINDS = [
  'invalid',
  'denied',
  'not_found',
  'conflict',
  'limit',
  'timeout',
  'unavailable',
  'provider',
  'bug',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];
export type RetryAdvice = 'never' | 'backoff';

interface ErrorSpec {
  kind: ErrorKind;
  retry: RetryAdvice;
  http: number;
  doc: string;
}

const spec = (kind: ErrorKind, retry: RetryAdvice, http: number, doc: string): ErrorSpec => ({
  kind,
  retry,
  http,
  doc,
});

/** The closed set of error codes. Each is documented here, and here alone. */
export const ERRORS = {
  REQUEST_MALFORMED: spec('invalid', 'never', 400, 'The body is not JSON, or not valid UTF-8.'),
  REQUEST_INVALID: spec('invalid', 'never', 400, 'The body does not match the schema; the message names the field.'),
  REQUEST_TOO_LARGE: spec('limit', 'never', 413, 'The body is larger than the edge takes.'),
  AGENT_UNKNOWN: spec(
    'not_found',
    'never',
    404,
    'No agent of that name exists for this key; `GET /v1/models` lists them.',
  ),
  CONTENT_BLOCKED: spec(
    'invalid',
    'never',
    400,
    'The text holds something that a rule does not let in, a key or password for one; the message says what and where.',
  ),
  ROUTE_UNKNOWN: spec('not_found', 'never', 404, 'There is no such path.'),
  METHOD_NOT_ALLOWED: spec(
    'invalid',
    'never',
    405,
    'The path is there, but not for this method; `Allow` lists those it takes.',
  ),
  RUN_UNKNOWN: spec('not_found', 'never', 404, 'There is no such run for this tenant.'),
  QUESTION_UNKNOWN: spec('not_found', 'never', 404, 'The run asks no such question, or it is answered.'),
  KEY_MISSING: spec('denied', 'never', 401, 'The request carries no bearer key.'),
  KEY_INVALID: spec('denied', 'never', 401, 'The key is unknown, revoked or expired.'),
  ROLE_DENIED: spec('denied', 'never', 403, 'The caller of the admin API lacks the role that this takes.'),
  AGENT_DENIED: spec('denied', 'never', 403, 'The key may not start this agent, or the agent not run like this.'),
  PRIORITY_DENIED: spec('denied', 'never', 403, 'The key may not ask for this priority.'),
  REGION_DENIED: spec('denied', 'never', 403, 'It would take data out of the regions in which it must stay.'),
  TOOL_DENIED: spec('denied', 'never', 403, 'No rule permits this tool with these arguments for this agent.'),
  REVEAL_DENIED: spec(
    'denied',
    'never',
    403,
    'A value that the tool must have may not be given to it, or was erased; the message says which argument.',
  ),
  APPROVAL_DENIED: spec('denied', 'never', 403, 'A person did not approve the call.'),
  APPROVAL_EXPIRED: spec('denied', 'never', 403, 'Nobody approved the call in time.'),
  APPROVER_DENIED: spec('denied', 'never', 403, 'This user may not answer the question.'),
  AGENT_HALTED: spec('denied', 'never', 403, 'The agent, or its whole tenant, is halted by those who operate it.'),
  QUOTA_EXCEEDED: spec('limit', 'never', 422, 'A quota of calls, or of an amount, is used up for now.'),
  TOOL_UNKNOWN: spec('not_found', 'never', 404, 'The model asked for a tool that its agent does not have.'),
  TOOL_ARGUMENTS_INVALID: spec('invalid', 'never', 400, 'The arguments do not match the schema of the tool.'),
  TOOL_FAILED: spec('provider', 'never', 502, 'The tool ran and reported an error.'),
  TOOL_TIMEOUT: spec('timeout', 'backoff', 504, 'The tool did not end within its time limit.'),
  TOOL_LIMIT: spec('limit', 'never', 422, 'The tool was stopped at a limit: cpu, memory, processes or output.'),
  TOOL_OUTPUT_TOO_LARGE: spec('limit', 'never', 422, 'The result of the tool is larger than a result may be.'),
  TOOL_SKIPPED: spec('conflict', 'never', 409, 'The call was not made, since one before it in its sequence failed.'),
  EXPRESSION_FAILED: spec(
    'invalid',
    'never',
    400,
    'An expression of a tool or a plan could not be evaluated; the message says why.',
  ),
  TOOL_OUTCOME_UNKNOWN: spec(
    'conflict',
    'never',
    409,
    'A tool that must not run twice was begun and never reported back.',
  ),
  SANDBOX_UNAVAILABLE: spec('unavailable', 'backoff', 503, 'Isolation cannot be had here, so the tool is refused.'),
  BUNDLE_MISSING: spec('denied', 'backoff', 503, 'No valid policy bundle is in force; everything is denied.'),
  BUNDLE_INVALID: spec(
    'denied',
    'never',
    503,
    'The policy bundle is expired, older than one seen before, or wrongly signed.',
  ),
  PROVIDER_UNAVAILABLE: spec(
    'unavailable',
    'backoff',
    503,
    'The model provider cannot be reached, or its breaker is open.',
  ),
  PROVIDER_TIMEOUT: spec('timeout', 'backoff', 504, 'The model provider did not answer in time.'),
  PROVIDER_RATE_LIMITED: spec('limit', 'backoff', 429, 'The model provider asks to slow down.'),
  PROVIDER_REJECTED: spec('provider', 'never', 502, 'The model provider refused the request.'),
  PROVIDER_GARBAGE: spec('provider', 'backoff', 502, 'The answer of the model provider does not follow its protocol.'),
  PROVIDER_CUT: spec('provider', 'backoff', 502, 'The stream of the model provider ended before the answer did.'),
  LIMIT_STEPS: spec('limit', 'never', 422, 'The run reached its limit of steps.'),
  LIMIT_TOKENS: spec('limit', 'never', 422, 'The run reached its limit of tokens.'),
  LIMIT_COST: spec('limit', 'never', 422, 'The run reached its limit of money.'),
  LIMIT_TOOL_CALLS: spec('limit', 'never', 422, 'The run reached its limit of tool calls.'),
  LIMIT_WALL_TIME: spec('limit', 'never', 422, 'The run reached its limit of wall time.'),
  LIMIT_DEPTH: spec('limit', 'never', 422, 'Runs of agents called by agents are nested as deep as they may be.'),
  LIMIT_HANDOFFS: spec('limit', 'never', 422, 'The run was handed from agent to agent as often as it may be.'),
  LIMIT_NO_PROGRESS: spec(
    'limit',
    'never',
    422,
    'The run repeated the same calls, a short cycle of calls or failing calls after a warning.',
  ),
  HANDOFF_REFUSED: spec(
    'conflict',
    'never',
    409,
    'The run cannot go on as that agent: one of both has a plan, or it is handed over already.',
  ),
  OUTPUT_INVALID: spec(
    'provider',
    'never',
    502,
    'The final answer is not JSON that matches the output schema of the agent, after all repairs.',
  ),
  RUN_CANCELLED: spec('conflict', 'never', 409, 'The run was cancelled.'),
  RUN_QUARANTINED: spec('conflict', 'never', 409, 'The journal of the run holds an entry this version cannot read.'),
  PAYLOAD_TOO_LARGE: spec('limit', 'never', 413, 'A message is larger than the bus carries.'),
  PAYLOAD_TOO_DEEP: spec('limit', 'never', 400, 'A JSON value is nested deeper than the limit.'),
  SEAL_INVALID: spec('denied', 'never', 403, 'A message on the bus is not from whom it says.'),
  SEQUENCE_CONFLICT: spec('conflict', 'backoff', 409, 'The journal moved on since it was read.'),
  CONFLICT: spec('conflict', 'never', 409, 'The thing exists already, or changed meanwhile.'),
  TENANTS_STATIC: spec(
    'conflict',
    'never',
    409,
    'Tenants cannot be made while the mesh runs: they come from its configuration.',
  ),
  REVIEW_REQUIRED: spec(
    'denied',
    'never',
    403,
    'The tenant lets nobody change this alone: make a draft, and have another person approve it.',
  ),
  TESTS_FAILED: spec('conflict', 'never', 409, 'The tests of the policies do not pass with this change.'),
  NOT_FOUND: spec('not_found', 'never', 404, 'There is no such thing.'),
  PRECONDITION_REQUIRED: spec(
    'conflict',
    'never',
    428,
    'What exists is only changed by who sends `If-Match` with its ETag.',
  ),
  PRECONDITION_FAILED: spec(
    'conflict',
    'never',
    412,
    'The thing is not as `If-Match` or `If-None-Match` says; read it again.',
  ),
  IDEMPOTENCY_MISMATCH: spec(
    'conflict',
    'never',
    422,
    'The idempotency key stands for another request; a new request needs a new key.',
  ),
  IDEMPOTENCY_BUSY: spec(
    'conflict',
    'backoff',
    409,
    'A request under this idempotency key is being handled; ask again soon.',
  ),
  JOURNAL_CUT: spec(
    'conflict',
    'never',
    409,
    'A stream came back shorter than it was, or with other entries; it is being rebuilt.',
  ),
  BUS_UNAVAILABLE: spec('unavailable', 'backoff', 503, 'The bus cannot be reached, or nobody serves that subject now.'),
  BUS_TIMEOUT: spec('timeout', 'backoff', 504, 'No answer over the bus within the deadline.'),
  BUS_FORBIDDEN: spec('denied', 'never', 403, 'The broker refused the operation: this user lacks the permission.'),
  STORE_UNAVAILABLE: spec('unavailable', 'backoff', 503, 'The database cannot be reached.'),
  OVERLOADED: spec('limit', 'backoff', 429, 'A queue is full; try again later.'),
  CONFIG_INVALID: spec('invalid', 'never', 500, 'The configuration is wrong; the message lists every bad variable.'),
  ISSUER_UNAVAILABLE: spec('unavailable', 'backoff', 503, 'The keys of the issuer of OIDC tokens cannot be had now.'),
  SHUTTING_DOWN: spec('unavailable', 'backoff', 503, 'The process is stopping.'),
  INTERNAL: spec('bug', 'never', 500, 'A fault in Signalbox itself.'),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
