import { Schedule, Token } from '@signalbox/contracts';
import { z } from 'zod';
import { PageQuery } from '../admin/http.js';
import { UpcomingQuery } from '../schedules/schedules.controller.js';
import { ScheduleBody } from '../schedules/schedules.service.js';
import {
  always,
  etag,
  id,
  ifMatch,
  ifNoneMatch,
  isoTime,
  type Json,
  jsonBody,
  onChange,
  pageOf,
  queryOf,
  reply,
  tenant,
} from './openapi-parts.js';

const tags = ['schedules'];
const ScheduleView = z.object({
  id: Token,
  revision: z.number().int().min(1),
  updatedAt: isoTime,
  definition: Schedule,
  /** What it asks, without personal data and shortened. */
  input: z.unknown(),
  nextAt: isoTime.nullable(),
  last: z
    .object({
      dueAt: isoTime,
      at: isoTime,
      outcome: z.enum(['started', 'again', 'overlap', 'refused', 'missed']),
      runId: z.string().nullable(),
      error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    })
    .nullable(),
  started: z.number().int(),
  missed: z.number().int(),
});

export const scheduleSchemas: Record<string, z.ZodType> = {
  Schedule: ScheduleBody,
  ScheduleView,
  SchedulePage: pageOf(ScheduleView),
  DueTimes: z.object({ items: z.array(isoTime) }),
};

/** Paths of schedules below `base`. */
export function schedulePaths(base: string): Json {
  const turn = (operationId: string, description: string): Json => ({
    parameters: [tenant, id],
    post: { operationId, tags, responses: { 200: reply(description, 'ScheduleView'), ...always } },
  });
  return {
    [base]: {
      parameters: [tenant],
      get: {
        operationId: 'listSchedules',
        tags,
        parameters: queryOf(PageQuery, 'Paging, by id.'),
        responses: { 200: reply('A page of schedules.', 'SchedulePage'), ...always },
      },
    },
    [`${base}/{id}`]: member(),
    [`${base}/{id}/upcoming`]: {
      parameters: [tenant, id],
      get: {
        operationId: 'getDueTimes',
        tags,
        parameters: queryOf(UpcomingQuery, 'How many.'),
        responses: { 200: reply('When it is due next, on or off.', 'DueTimes'), ...always },
      },
    },
    [`${base}/{id}/enable`]: turn('enableSchedule', 'On, and due from now on.'),
    [`${base}/{id}/disable`]: turn('disableSchedule', 'Off.'),
  };
}

function member(): Json {
  return {
    parameters: [tenant, id],
    get: {
      operationId: 'getSchedule',
      tags,
      responses: { 200: reply('As it is now.', 'ScheduleView', etag), ...always },
    },
    put: {
      operationId: 'putSchedule',
      tags,
      parameters: [ifMatch, ifNoneMatch],
      requestBody: { required: true, ...jsonBody('Schedule') },
      responses: {
        200: reply('Replaced; without `input` it asks what it did.', 'ScheduleView', etag),
        201: reply('Made.', 'ScheduleView', etag),
        ...always,
        ...onChange,
      },
    },
    delete: {
      operationId: 'deleteSchedule',
      tags,
      parameters: [ifMatch],
      responses: { 204: reply('Gone.'), ...always, ...onChange },
    },
  };
}
