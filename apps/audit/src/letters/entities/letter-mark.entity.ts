import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Mark } from '../marks.port.js';

/** A dead letter that was dealt with. The letter itself stays where it lies until it is too old. */
@Entity('letter_marks')
export class LetterMark {
  @PrimaryColumn({ type: 'text' })
  tenant: string;

  @PrimaryColumn({ type: 'text' })
  letter: string;

  @Column({ type: 'text' })
  state: Mark['state'];

  /** Id of the principal; where it is the owner, in their own words. */
  @Column({ type: 'text', name: 'done_by' })
  by: string;

  @Column({ type: 'bigint', transformer: { to: (n: number) => n, from: Number } })
  at: number;
}
