import { CHANNELS, type ChannelName, type ConsumerName, type RequestChannel } from '@signalbox/contracts';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';

/** How many at once: a number, or taken from the app's configuration. */
export type Concurrency = number | ((config: never) => number);

/** What a decorator leaves for the transport to read. */
export type HandlerExtras =
  | { role: 'work'; consumers: readonly ConsumerName[]; concurrency: Concurrency }
  | { role: 'serve'; channel: RequestChannel; concurrency?: Concurrency }
  | { role: 'serve-stream'; channel: RequestChannel; concurrency?: Concurrency }
  | { role: 'subscribe'; channel: ChannelName; subject: string };

/**
 * Handles the messages of a durable consumer, or of several, so many of each at once: `(body, message: WorkMessage)`.
 * Returning acknowledges; a MeshError that may be retried gives the message back with a delay, any other sends it to the
 * dead letters.
 */
export function Work(
  consumer: ConsumerName | readonly ConsumerName[],
  options: { concurrency: Concurrency },
): MethodDecorator {
  const consumers = [consumer].flat();
  return handler(
    EventPattern(`work:${consumers.join()}`, {
      role: 'work',
      consumers,
      ...options,
    } satisfies HandlerExtras) as MethodDecorator,
  );
}

/** Answers requests on a channel: `(body, message) → reply`. A MeshError travels to the asker by its code. */
export function Serve(channel: RequestChannel, options: { concurrency?: Concurrency } = {}): MethodDecorator {
  return handler(MessagePattern(`serve:${channel}`, { role: 'serve', channel, ...options } satisfies HandlerExtras));
}

/** Answers requests with a stream: `(body, message) → AsyncIterable`; `message.signal` aborts when nobody listens any more. */
export function ServeStream(channel: RequestChannel, options: { concurrency?: Concurrency } = {}): MethodDecorator {
  return handler(
    MessagePattern(`serve-stream:${channel}`, { role: 'serve-stream', channel, ...options } satisfies HandlerExtras),
  );
}

/** Hears a core channel, on every instance: `(body, message)`. Nothing is redelivered. */
export function Subscribe(channel: ChannelName, subject: string = CHANNELS[channel].subject): MethodDecorator {
  return handler(
    EventPattern(`subscribe:${channel}:${subject}`, {
      role: 'subscribe',
      channel,
      subject,
    } satisfies HandlerExtras) as MethodDecorator,
  );
}

/** Every handler takes the body first and the whole message second; Nest passes on only what is asked for by decorator. */
function handler(pattern: MethodDecorator): MethodDecorator {
  return (target, key, descriptor) => {
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
    return pattern(target, key, descriptor);
  };
}
