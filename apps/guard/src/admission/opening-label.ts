import { joinLabels, type Label, type RunRequestV1, TRUSTED } from '@signalbox/contracts';
import type { Prefix } from '@signalbox/run-engine';

/** Of all that a run begins with: what its caller says of the request, and of a fork what comes before it. */
export function openingLabel({ input, readers = [] }: RunRequestV1, prefix: Prefix | null): Label {
  const isForeign = input.some(({ untrusted }) => untrusted === true);
  const said: Label =
    isForeign || readers.length > 0
      ? { integrity: isForeign ? 'untrusted' : 'trusted', readers: readers.toSorted(), origins: ['input'] }
      : TRUSTED;
  return joinLabels(prefix?.label ?? TRUSTED, said);
}
