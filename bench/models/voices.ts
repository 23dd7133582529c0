export interface VoiceMeasureOptions {
  readonly voice: string;
  readonly judge: string;
  readonly scratch: string;
  readonly limit: number;
  readonly note: (text: string) => void;
}
export async function measureVoices(_o: VoiceMeasureOptions): Promise<object[]> {
  return [];
}
