const TICK_MS = 10_000;

/** Prints one line a step with its seconds; a step that takes long says so every ten seconds. */
export class Progress {
  #started = Date.now();

  line(text) {
    process.stderr.write(`${text}\n`);
  }

  /** Runs the step and gives its result, which `detail` puts into words. A step done before `quietMs` prints nothing. */
  async step(label, work, { quietMs = 0, detail } = {}) {
    const started = Date.now();
    const timer = setInterval(() => this.line(`  … ${label}: ${seconds(started)}`), TICK_MS);
    try {
      const result = await work();
      const words = detail ? ` ${detail(result)}` : '';
      if (Date.now() - started >= quietMs) this.line(`✔ ${label}${words}  ${seconds(started)}`);
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  total() {
    return seconds(this.#started);
  }
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
