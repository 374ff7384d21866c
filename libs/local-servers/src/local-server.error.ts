/** A server of this machine that could not be found or started; `advice` says what to do about it. */
export class LocalServerError extends Error {
  override readonly name = 'LocalServerError';

  constructor(
    message: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(`${message}\n${advice}`, options);
  }
}
