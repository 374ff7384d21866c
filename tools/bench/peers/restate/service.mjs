/** Runs of ten durable steps that do nothing. Arguments: the port; which of the services this process has, `steps` or `adder`. */
import * as restate from '@restatedev/restate-sdk';

const STEPS = 10;
const [port, which] = process.argv.slice(2);

const adder = restate.service({
  name: 'adder',
  handlers: { add: async (_ctx, value) => value + 1 },
});

const steps = restate.service({
  name: 'steps',
  handlers: {
    /** The steps are made here. */
    run: async (ctx, start) => {
      let value = start;
      for (let step = 0; step < STEPS; step++) {
        const before = value;
        value = await ctx.run(`step ${step}`, () => before + 1);
      }
      return value;
    },
    /** Each step is sent to the other service. */
    calls: async (ctx, start) => {
      let value = start;
      for (let step = 0; step < STEPS; step++) value = await ctx.serviceClient(adder).add(value);
      return value;
    },
  },
});

await restate.serve({ services: [which === 'adder' ? adder : steps], port: Number(port) });
