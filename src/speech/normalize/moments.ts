/** Days and times as understanding gives them (ISO 8601, without seconds or offset), in the written form that the languages read: a slot's value is said as it is. */

const DAY = '\\d{4}-\\d{2}-\\d{2}';
const MOMENT = new RegExp(
  `\\b(${DAY})T(\\d{2}):(\\d{2})(?::\\d{2})?(?:/(${DAY})T(\\d{2}):(\\d{2})(?::\\d{2})?)?(?![\\d:+])`,
  'g',
);
const DAYS = new RegExp(`\\b(${DAY})/(${DAY})(?![\\d/-])`, 'g');

export function writeMoments(text: string, chinese: boolean): string {
  if (!/\d-\d{2}[T/]\d/.test(text)) return text;
  const to = chinese ? '到' : ' to ';
  const clock = chinese ? (hour: string, minute: string) => `${hour}:${minute}` : clockEn;
  const at = (day: string, time: string) => (chinese ? `${day} ${time}` : `${day} at ${time}`);
  return text
    .replace(
      MOMENT,
      (_all, day: string, hour: string, minute: string, lastDay?: string, lastHour?: string, lastMinute?: string) => {
        const first = at(day, clock(hour, minute));
        if (lastDay === undefined || lastHour === undefined || lastMinute === undefined) return first;
        const last = clock(lastHour, lastMinute);
        return `${first}${to}${lastDay === day ? last : at(lastDay, last)}`;
      },
    )
    .replace(DAYS, (_all, first: string, last: string) => `${first}${to}${last}`);
}

function clockEn(hour: string, minute: string): string {
  const hours = Number(hour);
  return `${hours % 12 === 0 ? 12 : hours % 12}${minute === '00' ? '' : ` ${minute}`} ${hours < 12 ? 'a m' : 'p m'}`;
}
