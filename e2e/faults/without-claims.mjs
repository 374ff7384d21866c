/**
 * Loaded before a tool runner by the control experiment: calls are begun without a claim. Nothing of the product can be
 * told to do so; this replaces its method from outside.
 */
import { BusCallJournalAdapter } from '../../apps/tool-runner/dist/calls/adapters/bus-call-journal.adapter.js';

BusCallJournalAdapter.prototype.claim = () => Promise.resolve(true);
