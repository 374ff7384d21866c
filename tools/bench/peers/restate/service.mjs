/** Ten durable steps that do nothing. Argument: the port. */
import * as restate from '@restatedev/restate-sdk';

const STEPS = 10;

const steps = restate.service({
  name: 'steps',
  handlers: {
    run: async (ctx, start) => {
      let value = start;
      for (let step = 0; step < STEPS; step++) {
        const before = value;
        value = await ctx.run(`step ${step}`, () => before + 1);
      }
      return value;
    },
  },
});

await restate.serve({ services: [steps], port: Number(process.argv[2]) });
