import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { type AccessRequest, inCall } from './call.js';

/** Runs a handler inside its call, so that what it changes is written down in the caller's name. */
@Injectable()
export class CallInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const call = context.getType() === 'http' ? context.switchToHttp().getRequest<AccessRequest>().call : undefined;
    if (!call) return next.handle();
    return new Observable((subscriber) => inCall(call, () => next.handle().subscribe(subscriber)));
  }
}
