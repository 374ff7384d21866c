import { ToolLimits } from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { SANDBOX_LANGUAGES, type SandboxFile, type SandboxLanguage, type SandboxRequest } from './sandbox.port.js';

/** Source text; more is data and belongs into a file. */
export const CODE_BYTES_MAX = 1_048_576;
/** JSON on standard input. */
export const INPUT_BYTES_MAX = 4_194_304;
export const FILES_MAX = 32;
/** All mounted files of one run together; they are held in memory while it lasts. */
export const FILES_BYTES_MAX = 134_217_728;

const FILE_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** A request as the drivers take it. */
export interface CheckedRequest {
  language: SandboxLanguage;
  code: Buffer;
  input: Buffer;
  files: readonly SandboxFile[];
  limits: ToolLimits;
}

/** Throws REQUEST_INVALID or REQUEST_TOO_LARGE. */
export function checkRequest(request: SandboxRequest): CheckedRequest {
  if (!SANDBOX_LANGUAGES.includes(request.language)) {
    throw new MeshError('REQUEST_INVALID', `language must be one of ${SANDBOX_LANGUAGES.join(', ')}`);
  }
  const files = request.files ?? [];
  if (files.length > FILES_MAX)
    throw new MeshError('REQUEST_TOO_LARGE', `at most ${FILES_MAX} files can be mounted, not ${files.length}`);
  for (const { name } of files) checkName(name);
  if (new Set(files.map(({ name }) => name)).size < files.length) {
    throw new MeshError('REQUEST_INVALID', 'two files have the same name');
  }
  return {
    language: request.language,
    code: checkCode(request.code),
    input: bounded('input', Buffer.from(toJson(request.input), 'utf8'), INPUT_BYTES_MAX),
    files,
    limits: validate(ToolLimits, request.limits),
  };
}

/** What was reviewed must be what runs: CPython ends the source at a NUL, and a lone surrogate has no UTF-8. */
function checkCode(code: string): Buffer {
  const bytes = bounded('code', Buffer.from(code, 'utf8'), CODE_BYTES_MAX);
  if (code.includes('\0')) throw new MeshError('REQUEST_INVALID', 'code holds a NUL character');
  if (bytes.toString('utf8') !== code) throw new MeshError('REQUEST_INVALID', 'code holds a lone surrogate');
  return bytes;
}

function checkName(name: string): void {
  if (!FILE_NAME.test(name) || name === '.' || name === '..') {
    throw new MeshError('REQUEST_INVALID', 'a file name holds 1 to 128 of the characters A-Z a-z 0-9 _ . -');
  }
}

function bounded(what: string, bytes: Buffer, bytesMax: number): Buffer {
  if (bytes.length > bytesMax)
    throw new MeshError('REQUEST_TOO_LARGE', `${what} has ${bytes.length} bytes, the limit is ${bytesMax}`);
  return bytes;
}

function toJson(input: unknown): string {
  try {
    return JSON.stringify(input ?? null) ?? 'null';
  } catch (error) {
    throw new MeshError('REQUEST_INVALID', 'input cannot be written as JSON', { cause: error });
  }
}
