#!/bin/sh
# Fills the passwords and the address from the environment into the templates, then becomes Asterisk.
set -eu
case "$PHONE_PASSWORD$AGENT_PASSWORD" in
  *[!A-Za-z0-9]*) echo 'PHONE_PASSWORD and AGENT_PASSWORD may hold letters and digits only.' >&2; exit 1 ;;
esac
for name in pjsip.conf extensions.conf rtp.conf; do
  sed -e "s|@PHONE_PASSWORD@|$PHONE_PASSWORD|g" \
      -e "s|@AGENT_PASSWORD@|$AGENT_PASSWORD|g" \
      -e "s|@EXTERNAL_ADDRESS@|$EXTERNAL_ADDRESS|g" \
      "/config/$name" > "/etc/asterisk/$name"
done
exec asterisk -f -T
