import { describe, expect, it } from 'vitest';
import { EventStreamReader } from '../../../../web/console/src/api/event-stream.js';

const stream =
  ': hello\n\nevent: line\nid: 7\ndata: {"a":1}\n\nevent: turn\r\ndata: one\r\ndata: two\r\n\r\ndata: x\n\n';

describe('the reader of the live stream', () => {
  it('gives the same events however the network cuts them', () => {
    const whole = new EventStreamReader().push(stream);
    expect(whole).toEqual([
      { type: 'line', data: '{"a":1}', id: '7' },
      { type: 'turn', data: 'one\ntwo', id: '7' },
      { type: 'message', data: 'x', id: '7' },
    ]);
    for (let size = 1; size < 12; size++) {
      const reader = new EventStreamReader();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...reader.push(stream.slice(at, at + size)));
      expect(events).toEqual(whole);
    }
  });

  it('gives nothing for comments and for an event that is not over', () => {
    const reader = new EventStreamReader();
    expect(reader.push(': still here\n\n')).toEqual([]);
    expect(reader.push('data: half')).toEqual([]);
    expect(reader.push('\n\n')).toEqual([{ type: 'message', data: 'half', id: undefined }]);
  });

  it('gives up on an event that never ends', () => {
    const reader = new EventStreamReader();
    const megabyte = 'x'.repeat(1024 * 1024);
    expect(() => {
      for (let count = 0; count < 20; count++) reader.push(megabyte);
    }).toThrow(RangeError);
  });

  it('gives up on an event that never ends and is sent line by line', () => {
    const reader = new EventStreamReader();
    const line = `data: ${'x'.repeat(1024 * 1024)}\n`;
    expect(() => {
      for (let count = 0; count < 20; count++) reader.push(line);
    }).toThrow(RangeError);
  });
});
