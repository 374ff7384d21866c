const list = (words: string): readonly string[] => words.trim().split(/\s+/);

/** Words that begin sentences or stand between values, and are nobody's name. */
export const COMMON = list(`
a about above after again all almost along already also although always am an and another any anybody anyone anything are
around as ask at away back be because become been before behind being below between both bring but buy by call came can
cannot case change check click come could day dear did do does doing don done down due during each either else enough even
every everybody everyone everything few find first follow for forward found four free from full get give given go going good
got great had half has have he hello help hence her here hers hi him his how however i if in indeed inside instead into is it
its itself just keep kind last later least less let like likely little long look made main make many may maybe me mean meet
might mine more most much must my need neither never new next nice no nobody none nor not note nothing now of off often ok
okay old on once one only open or other others our out over own part per perhaps please put quite rather read really same say
says see seem send set several shall she should show since so some somebody someone something soon still such sure
take tell than thank thanks that the their them then there therefore these they thing this those though three through thus
till time to today together told too top toward try two under unless until up upon us use used using very via want was we
well went were what whatever when where whether which while who whole whom whose why will with within without work would yes
yet you your yours yourself i'm i've i'd i'll it's that's don't can't we're you're they're we've what's where's there's let's
didn't doesn't isn't aren't wasn't weren't won't wouldn't couldn't shouldn't hasn't haven't he's she's who's here's name
address phone email e-mail mail fax mobile website web site street state zip country city info information date birth
number id title company organization account card contact subject re fwd regards sincerely best cheers yours
question answer customer client user agent order sir madam`);

/** Names of products, standards and habits of technical prose that no dictionary has. */
export const TECHNICAL = list(`
admin aes algolia alpine amd android angular ansible apache api apis app apps arg argv arm ascii async atlassian auth
avro aws azure babel backend backoff bash bazel bigint bigquery bitbucket blob boolean bool bugfix bun bytecode cassandra
cdn centos changelog chrome chromium cli clickhouse cloudflare cmake codec codebase commonjs config configs conda consul
cors cpu cron css csv cuda cve dash dataset datasets debian deno dev devops dir django dns docker dockerfile dom dropbox
dynamo edge ecmascript elasticsearch electron emoji endpoint endpoints enum enums env envoy erlang eslint esm etcd ethernet
express facebook fastify figma firebase firefox flask flink frontend ftp gcc gcp git github gitlab gnu golang google gradle
grafana graphql grpc gzip hadoop haskell heroku homebrew hostname html http https httpd iam ide idempotency ieee iframe
init inode instagram int ios ipc ipsec ipv iso jaeger java javascript jenkins jest jira jit jquery json jsonb jsx jupyter
jvm jwt kafka kerberos kernel kibana kotlin kubernetes lambda laravel ldap libuv linkedin lint linter linux localhost lua
macos macbook mailchimp makefile mariadb markdown maven memcached metadata microsoft middleware mongo mongodb mozilla mqtt
mutex mysql namespace namespaces nats netlify netty nginx nix node nodejs npm npx ntfs null nullable numpy nvidia oauth oci
oidc openai openapi openbsd openid openssl opentelemetry openshift orm os pandas param params parquet parser paypal pdf perl
php pino pip plaintext plugin plugins pnpm podman posix postgres postgresql powershell prisma prometheus protobuf proxy psql
pubsub pyenv pypi pytest python pytorch qdrant rabbitmq rails readme redhat redis redux refactor regex regexes regexp repo
repos rfc rollup rpc rsa ruby runtime runtimes rust salesforce saml sass scala schema schemas scikit sdk sdks semver sentry
serverless sha sharding shopify signalbox slack snowflake solr spotify sql sqlite ssd ssh ssl sso stackoverflow stderr stdin
stdout stripe struct subdomain svelte svg swagger swift symfony sys syscall tcp telegram tensorflow terraform timestamp
timestamps tls todo tokenizer toml toolchain tooltip tsc tsconfig twitter typeorm typescript ubuntu udp ui uint undici unicode
unix uri uris url urls usb utc utf uuid ux vagrant vercel vim vite vitest vm vscode vue wasm webassembly webhook webhooks
webpack webrtc webserver websocket websockets whatsapp whatwg wifi wikipedia windows wordpress workflow workflows xcode xhr
xml yaml yarn youtube zig zipkin zod zookeeper changelogs bool const destructure destructuring func impl iterable iterables
lookahead lookbehind lookups mebibytes millis monorepo multipart mutate mutex naks nak ok opossum param pre prefetch preload
punycode quickstart rebase recompute reconnect rollback roundtrip sandboxed scaffolding serializer setup shim siteverify
subpath subprocess substring symlink symlinks teardown timeouts tooling transpile tuple tuples typecheck undefined unicode
unref unsubscribe upsert urlencoded usecase usecases userland username usernames varint watchdog whitespace worktree`);

export const HONORIFICS = list(
  'mr mrs ms miss mx dr prof professor sir madam madame herr frau hr fru monsieur mme mlle senor senora sr sra signor signora pan pani mister rev',
);
export const PARTICLES = list(
  'von van vom de dei degli delle des del den der del della di da do dos das du la le el al bin ibn ben ter ten zu zum zur af av y st san mac mc ap abu abd ul',
);

export const MONTHS =
  list(`january february march april may june july august september october november december jan feb mar apr
jun jul aug sep sept oct nov dec januar februar maerz marz mai juni juli oktober dezember janvier fevrier avril juin juillet
aout septembre octobre decembre enero febrero marzo mayo junio julio agosto septiembre octubre noviembre diciembre gennaio
febbraio aprile maggio giugno luglio settembre ottobre dicembre`);
export const WEEKDAYS = list(
  'monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays',
);

/** What ends or marks a street, in the languages of the mesh's users; and compounds end in the second list. */
export const STREETS =
  list(`street st road rd avenue ave av boulevard blvd lane ln drive dr court ct place pl square sq terrace
terr way highway hwy parkway pkwy circle cir trail crescent cres close grove mews row walk gardens gdns quay alley path loop
ridge view hill heights crossing junction plaza bridge flats flat cove coves mount mall rest strasse str platz allee gasse weg
straat laan plein gracht kade calle avenida plaza paseo carrera rua travessa praca alameda via viale piazza corso vicolo rue
chemin impasse quai ulica ul aleja al osiedle os utca ut ter korut u gatan gata vagen vej gade veien vegen tie katu kuja polku
tee mnt maantee puiestee namesti trida ulitsa prospekt cesta trg`);
export const STREET_ENDINGS = list(
  'strasse straat gasse platz allee laan plein gracht kade gatan gata vagen vej gade veien vegen gaten katu kuja polku tie kaari stien utca korut steeg dreef singel stig stigen backen haugen toppen alle',
);
/** What may open an address before its name. */
export const STREET_OPENINGS = list(
  'rua calle avenida av via viale piazza rue ul ulica chemin impasse travessa praca plaza paseo strada corso bulevardi aleja carrera alameda λεωφοροσ οδοσ',
);
export const UNITS = list('apt apartment suite ste unit flat floor fl room rm box psc building bldg lot');

export const ORGANISATION_ENDINGS =
  list(`inc incorporated llc llp ltd limited corp corporation co company gmbh ag kg ohg ug se sa sas
sarl srl spa bv nv oy oyj ab as aps plc pty pte kft zrt sro spol ooo group holdings holding partners associates bank insurance
university college institute foundation hospital clinic systems solutions industries technologies technology enterprises
consulting services orchestra airlines motors pharmaceuticals labs laboratories ventures capital logistics`);
export const OCCUPATIONS =
  list(`accountant actor actress administrator advisor adviser agent analyst architect artist assistant
attendant attorney auditor baker banker barber bartender biologist bookkeeper broker builder butcher buyer captain carpenter
cashier chef chemist clerk coach collector commander conductor consultant contractor cook coordinator counselor counsellor
dancer dentist designer detective developer dietitian director dispatcher doctor driver economist editor electrician engineer
estimator examiner farmer firefighter fisherman florist geologist guard hairdresser handler historian hygienist inspector
installer instructor interpreter investigator janitor jeweler journalist judge laborer landscaper lawyer lecturer librarian
machinist manager mathematician mechanic messenger midwife miner model musician nurse nutritionist officer operator optician
packager painter paralegal paramedic pharmacist photographer physician physicist pilot planner plumber policeman postmaster
principal producer professor programmer psychiatrist psychologist receptionist reporter representative researcher roofer
sailor salesman salesperson scientist secretary singer sociologist soldier songwriter specialist statistician stenographer
stylist superintendent supervisor surgeon surveyor tailor teacher technician technologist teller therapist trainer translator
tutor typist veterinarian waiter waitress welder worker writer`);

/** Adjectives of countries and peoples; the countries themselves are a list of their own. */
export const NATIONALITIES =
  list(`afghan albanian algerian american andorran angolan argentine argentinian armenian australian austrian
azerbaijani bahamian bahraini bangladeshi barbadian belarusian belgian belizean beninese bhutanese bolivian bosnian brazilian
british bruneian bulgarian burmese burundian cambodian cameroonian canadian chadian chilean chinese colombian congolese croat
croatian cuban cypriot czech dane danish dominican dutch dutchman ecuadorian egyptian emirati english englishman eritrean
estonian ethiopian fijian filipino finn finnish frenchman french gabonese gambian georgian german ghanaian greek greenlander
greenlandic grenadian guatemalan guinean guyanese haitian honduran hungarian icelander icelandic indian indonesian iranian
iraqi irish irishman israeli italian ivorian jamaican japanese jordanian kazakh kenyan korean kosovar kuwaiti kyrgyz laotian
latvian lebanese liberian libyan lithuanian luxembourgish macedonian malagasy malawian malaysian maldivian malian maltese
mauritanian mauritian mexican moldovan monegasque mongolian montenegrin moroccan mozambican namibian nepalese nepali
nicaraguan nigerian nigerien norwegian omani pakistani palestinian panamanian paraguayan peruvian pole polish portuguese qatari
romanian russian rwandan salvadoran samoan saudi scot scottish scotsman senegalese serb serbian singaporean slovak slovakian
slovene slovenian somali spaniard spanish sudanese surinamese swede swedish swiss syrian taiwanese tajik tanzanian thai tibetan
togolese tongan tunisian turk turkish turkmen ugandan ukrainian uruguayan uzbek venezuelan vietnamese welsh welshman yemeni
zambian zimbabwean catholic protestant muslim jewish hindu buddhist sikh christian hispanic latino latina asian african
european caucasian`);

/** Countries whose name is an English word too, or a given name, and mostly means the country when capitalised. */
export const SURE_COUNTRIES =
  list(`canada china brazil japan panama peru cuba malta cyprus poland holland spain sweden france germany
italy greece turkey chile india egypt israel ireland iceland england scotland wales morocco jersey guinea congo oman qatar
kenya uganda ghana nepal laos haiti belgium austria denmark finland norway portugal romania hungary ukraine russia mexico
australia argentina colombia venezuela`);
/** Given names that English dictionaries list too, and that are names wherever they have a capital. */
export const SURE_NAMES =
  list(`john mary jack james peter paul michael mike david joseph joe robert bob william bill richard dick
thomas tom charles charlie george henry harry edward ted frank fred albert arthur walter jane anne ann nancy kate katie lucy
emma anna maria marie rosa sara sarah susan laura linda helen ellen alice betty dorothy margaret peggy jim jimmy johnny tommy
billy bobby ben benjamin sam samuel dan daniel andrew andy tony steve stephen kevin brian eric jean jacques carl karl otto
jose juan carlos luis pedro antonio mario hans fritz olga ivan boris vera nina tina rita emily olivia sophia isabella eva adam
simon martin philip louis leo oscar hugo felix max josh jake luke matt nathan ryan kelly jenny amy molly sally polly betsy
barbara carol diana elizabeth fiona gina irene julia karen lisa monica nora paula rachel ruth sandra teresa ursula wendy
abraham alan alexander alfred ernest gilbert harold herbert hilary jerry jesse kenneth larry leon leonard lewis logan oliver
patrick percy ralph raymond roger ronald roy russell stanley stuart timothy victor vincent`);
