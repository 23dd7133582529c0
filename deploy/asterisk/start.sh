#!/bin/sh
# Fills the passwords and the address from the environment into the templates, then becomes Asterisk.
set -eu
for name in pjsip.conf extensions.conf rtp.conf; do
  sed -e "s|@PHONE_PASSWORD@|$PHONE_PASSWORD|g" \
      -e "s|@AGENT_PASSWORD@|$AGENT_PASSWORD|g" \
      -e "s|@EXTERNAL_ADDRESS@|$EXTERNAL_ADDRESS|g" \
      "/config/$name" > "/etc/asterisk/$name"
done
exec asterisk -f -T
