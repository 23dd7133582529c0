# One image for service and bridge; compose starts each with its own command.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY sip-bridge/package.json sip-bridge/
COPY web/package.json web/
RUN npm ci
COPY tsconfig.base.json tsconfig.build.json ./
COPY sip-bridge sip-bridge
COPY src src
COPY web web
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
# espeak-ng is the English voice until a better one is pulled; bzip2 unpacks what is pulled (hearken models pull).
RUN apt-get update && apt-get install -y --no-install-recommends bzip2 espeak-ng && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/sip-bridge sip-bridge
COPY --from=build /app/web web
COPY package.json .npmrc ./
COPY models models
COPY audio audio
COPY apps apps
COPY docs/protocol docs/protocol
RUN mkdir -p data audio/cache models/pulled && chown -R node:node data audio/cache models/pulled
USER node
CMD ["node", "--max-semi-space-size=32", "--use-largepages=silent", "dist/cli/run.js", "serve"]
