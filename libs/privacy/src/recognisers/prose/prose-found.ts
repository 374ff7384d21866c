import type { PiiClass } from '@signalbox/contracts';

export interface ProseFound {
  class: PiiClass;
  start: number;
  end: number;
}
