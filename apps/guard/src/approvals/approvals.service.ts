import { Inject, Injectable } from '@nestjs/common';
import {
  type AnsweredV1,
  type ApproveRequestV1,
  type ApprovalsAskV1,
  APPROVALS_LISTED_MAX,
  type ApprovalsReplyV1,
  type JournalBody,
  type KeyGrant,
  type OpenApproval,
  type RunQuestion,
} from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import { isFresh, quorumOf } from '@signalbox/run-engine';
import { grantOf } from '../callers/grant-of.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { questionsOf } from '../runs/questions-of.js';
import { type AskedApproval, RunJournalPort, type RunSnapshot } from '../runs/run-journal.port.js';
import { VaultPort } from '../vault/vault.port.js';
import { EditedArgumentsService } from './edited-arguments.service.js';
import { OpenApprovalsPort } from './open-approvals.port.js';
import { type Right, SpeakersService } from './speakers.service.js';

const LISTED = 50;
/** Open approvals that one request looks at: each is a journal to read, and few may concern the caller. */
const LOOKED_AT_MAX = 200;

/** Answers questions of runs, and lists the approvals that are open. */
@Injectable()
export class ApprovalsService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(OpenApprovalsPort) private readonly open: OpenApprovalsPort,
    @Inject(SpeakersService) private readonly speakers: SpeakersService,
    @Inject(EditedArgumentsService) private readonly edited: EditedArgumentsService,
  ) {}

  /**
   * How the question stands once the answer is in the journal. RUN_UNKNOWN for whom the run does not concern,
   * QUESTION_UNKNOWN where it is answered or was never asked, APPROVAL_EXPIRED, APPROVER_DENIED.
   */
  async answer(tenant: string, request: ApproveRequestV1): Promise<AnsweredV1> {
    const { runId, questionId, choice } = request;
    const run = { tenant, runId };
    const grant = grantOf(this.policies, tenant, request.keyDigest);
    const snapshot = await this.journal.snapshot(run);
    const asked = snapshot?.approvals?.get(questionId);
    const right = snapshot && asked ? this.speakers.rightOf(tenant, grant, snapshot.userId, asked) : null;
    if (!snapshot || (snapshot.userId !== grant.userId && right === null))
      throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
    const question = questionsOf(snapshot.view).find((one) => one.questionId === questionId);
    assertOpen(question, asked, request);
    if (asked !== undefined && right === null)
      throw new MeshError('APPROVER_DENIED', `User ${grant.userId} may not approve this call.`);
    // The same once more: it stands in the journal.
    if (asked !== undefined && choice === 'approve' && !isFresh(asked.yes, right!))
      return standingOf(questionId, asked);
    const fact = await this.#fact(tenant, request, grant, { snapshot, asked, right });
    await this.journal.answer(run, request.requestId, fact);
    const after = await this.journal.snapshot(run);
    return standingOf(questionId, after?.approvals?.get(questionId));
  }

  /** Those that the caller may give, and those of the caller's own runs; `next` is where to go on, even where there are none yet. */
  async list(
    tenant: string,
    { keyDigest, runId, after = '', limit = LISTED }: ApprovalsAskV1,
  ): Promise<ApprovalsReplyV1> {
    const grant = grantOf(this.policies, tenant, keyDigest);
    const listed = this.open
      .of(tenant)
      .filter((one) => one.key > after && (runId === undefined || one.runId === runId));
    const items: OpenApproval[] = [];
    for (const { key, runId: of, questionId } of listed.slice(0, LOOKED_AT_MAX)) {
      const found = await this.#shown(tenant, grant, of, questionId);
      if (found === null) continue;
      items.push(found);
      if (items.length >= Math.min(limit, APPROVALS_LISTED_MAX)) return { items, next: key };
    }
    return { items, next: listed[LOOKED_AT_MAX - 1]?.key ?? null };
  }

  async #shown(tenant: string, grant: KeyGrant, runId: string, questionId: string): Promise<OpenApproval | null> {
    const snapshot = await this.journal.snapshot({ tenant, runId });
    const asked = snapshot?.approvals?.get(questionId);
    const question = snapshot && questionsOf(snapshot.view).find((one) => one.questionId === questionId);
    if (!question || !asked || asked.closed !== null) return null;
    const right = this.speakers.rightOf(tenant, grant, snapshot.userId, asked);
    const isOwn = snapshot.userId === grant.userId;
    if (!isOwn && right === null) return null;
    return {
      runId,
      agent: snapshot.view.agent,
      startedBy: snapshot.userId,
      mayAnswer: right !== null && isFresh(asked.yes, right),
      ...(right === null || right.onBehalfOf === null ? {} : { onBehalfOf: right.onBehalfOf }),
      question: isOwn ? await this.#restored(tenant, grant.userId, question) : question,
    };
  }

  async #restored(tenant: string, userId: string, question: RunQuestion): Promise<RunQuestion> {
    const { approval } = question;
    if (approval === undefined) return question;
    const restore = (text: string): Promise<string> => this.redaction.restore(tenant, userId, text);
    const asked = approval.asked === undefined ? {} : { asked: await restore(approval.asked) };
    return { ...question, approval: { ...approval, arguments: await restore(approval.arguments), ...asked } };
  }

  async #fact(
    tenant: string,
    request: ApproveRequestV1,
    grant: KeyGrant,
    { snapshot, asked, right }: { snapshot: RunSnapshot; asked: AskedApproval | undefined; right: Right | null },
  ): Promise<JournalBody<'question.answered.v1'>> {
    const { questionId, choice, result, runId } = request;
    const said = { principal: { keyId: grant.id, userId: grant.userId }, questionId, choice, answeredAt: Date.now() };
    if (asked === undefined || right === null)
      return result === undefined ? said : { ...said, result: await this.#clean(tenant, snapshot.userId, result) };
    const { agent, handoffs } = snapshot.view;
    const caller = { agent: handoffs?.at(-1)?.agent ?? agent ?? '', userId: snapshot.userId };
    const shown = asked.arguments === '' ? '{}' : asked.arguments;
    const edited =
      request.arguments === undefined
        ? shown
        : await this.edited.take({ tenant, runId }, request.arguments, asked, caller);
    return {
      ...said,
      argumentsHash: sha256Hex(shown),
      ...(edited === shown ? {} : { arguments: edited }),
      ...(right.onBehalfOf === null ? {} : { onBehalfOf: right.onBehalfOf, delegation: right.delegation }),
      ...(right.roles.length === 0 ? {} : { roles: [...right.roles] }),
    };
  }

  async #clean(tenant: string, owner: string, text: string): Promise<string> {
    const clean = await this.redaction.said(tenant, text);
    if (clean.found.length > 0) await this.vault.keep(tenant, owner, clean.found);
    return clean.text;
  }
}

/** Says why a question cannot be answered, or not so. */
function assertOpen(
  question: RunQuestion | undefined,
  asked: AskedApproval | undefined,
  { questionId, choice, arguments: edited }: ApproveRequestV1,
): asserts question is RunQuestion {
  const { closed = null } = asked ?? {};
  if (closed !== null && closed.userId === null)
    throw new MeshError('APPROVAL_EXPIRED', 'The time for an answer is over; it counts as a no.');
  if (closed !== null)
    throw new MeshError(
      'QUESTION_UNKNOWN',
      `The question is answered: user ${closed.userId} ${closed.granted ? 'approved it' : 'did not approve it'}.`,
    );
  if (!question) throw new MeshError('QUESTION_UNKNOWN', `The run asks no question ${questionId}, or it is answered.`);
  if (question.expiresAt !== undefined && Date.now() >= question.expiresAt)
    throw new MeshError('APPROVAL_EXPIRED', 'The time for an answer is over; it counts as a no.');
  if (!question.choices.includes(choice))
    throw new MeshError('QUESTION_UNKNOWN', `The answers to this question are ${question.choices.join(', ')}.`);
  if (edited !== undefined && (asked === undefined || choice !== 'approve'))
    throw new MeshError('REQUEST_INVALID', 'arguments: belong to the choice approve of an approval');
}

function standingOf(questionId: string, asked: AskedApproval | undefined): AnsweredV1 {
  if (asked === undefined) return { questionId, state: 'answered', agreed: [], quorum: 1 };
  const { closed, yes, terms } = asked;
  return {
    questionId,
    state: closed === null ? 'open' : closed.granted ? 'approved' : 'denied',
    agreed: yes.map(({ userId, onBehalfOf }) => (onBehalfOf === null ? { userId } : { userId, onBehalfOf })),
    quorum: quorumOf(terms),
  };
}
