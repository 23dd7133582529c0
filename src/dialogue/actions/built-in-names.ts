/** Actions that need no code: Rasa's own names where it has one. */
export const BUILT_IN_ACTIONS: ReadonlySet<string> = new Set([
  'action_listen',
  'action_restart',
  'action_back',
  'action_session_start',
  'action_default_fallback',
  'action_default_ask_affirmation',
  'action_default_ask_rephrase',
  'action_two_stage_fallback',
  'action_deactivate_loop',
  'action_revert_fallback_events',
  'action_extract_slots',
  'action_unlikely_intent',
  // Ours.
  'action_repeat',
  'action_slower',
  'action_cancel',
  'action_correct',
  'action_hang_up',
  'action_hand_off',
  'action_reset_slots',
]);
