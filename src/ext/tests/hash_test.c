/*
 * Digests against values from another implementation (Python's hashlib and hmac) over bytes
 * i * 31 + i / 256, cut at the lengths where padding changes; and against the pieces they come in.
 */
#include "ext/hash.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define PATTERN_BYTES 5000

static const struct digest_ops *const algorithms[] = {
	&hash_md5, &hash_sha1, &hash_sha256, &hash_sha512};
static unsigned char pattern[PATTERN_BYTES];

static const struct {
	size_t n;
	const char *want[4];
} digests[] = {
	{0,
	    {"d41d8cd98f00b204e9800998ecf8427e",
	        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"}},
	{1,
	    {"93b885adfe0da089cdf634904fd59f71",
	        "5ba93c9db0cff93f52b521d7420e43f6eda2784f",
	        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	        "b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22"
	        "704a802a71c3580b6370de4ceb293c324a8423342557d4e5c38438f0e36910ee"}},
	{55,
	    {"fe4c050c7a3d8b0c93d5baae6ca77fa1",
	        "c14fc85e7dea8d19b9aa3026a1ae3701c3ec8b28",
	        "27d3069ecafb8507f92fa750312a99afe0908525e67b2abe8942b51659945b1b",
	        "0203b7d41f991279b689ddc8eb4634e34c646d854045fd033da20f7a18c7f7ad"
	        "65047a525c426953b3e75e4bc549709c5f568084da1db4228fb540712542b48f"}},
	{56,
	    {"6cf06c0659a33472a3005a497c53b3ab",
	        "b0ffb6351257ebfa01897b52e995c9cc5411876a",
	        "3428ab653c0a1ac104ee80fd3bed55135da5556ca4c26da9c781ae56364a6969",
	        "b5d2b82448e1edc1ec3bcf8be92f17f9c8c62c05645e393cceb767332681e3b0"
	        "fb9e33c3a646781c6b7b5e425682836108e5d035a5a10f97998f5842e72b5b9b"}},
	{63,
	    {"b45d7746939fd1f4ce3d417b18ed2635",
	        "0679db1bbcd13962c6f0c8dd85604a1b092837de",
	        "b5ec25bd1c4b7c94c9ea9d235272e43f644f561d7c8c7e58ec5fa9aefe95ef07",
	        "19508021c0d94c15eece23d2f7291963aa227d9d486618941bb6ac47664b39a6"
	        "225d75b8fd3b84a54d9c54198ccf6f898234cef2e8c6fadea8d38de7b076122e"}},
	{64,
	    {"a36738582497d785e6c27f09c9b8a15d",
	        "ac7197d7596adad1f0b03720203b2c1077e3d2c7",
	        "a08f82c23e6c13629d8e33d0d2a13005fb104363eb793b5e8842044951d27764",
	        "1899fdaafd560b685b655a0b2d129a0c11b3f6ba29e60a21fd4b1432d11f734a"
	        "b765d5cafa1b0a3e3e7b82690880cdeeff21e7a66d88c8da17f0b5da91f8e1f7"}},
	{65,
	    {"ac810d9d23a3425a15adb534769f920b",
	        "55f48dd0859ae90519776676f30138e466c9316b",
	        "c0a0263ae1ab4e9dda9cd2ed6c44b23ee6ff75c90c640185f462fad7f24fcd6f",
	        "05b1402f55a444d951d4f2f95653678f4bc99a1e1c300295145df7d14e2f9ee3"
	        "2e7fa9b53856b003a2f849e67ffded1269406e4d3831a9259039ab85c22efa0b"}},
	{111,
	    {"e955600d21e9eca2274692b894ed5521",
	        "5ac5e09f7b33f4ebf8693734add78c9927ab5c1e",
	        "a5ee291084218c212a3e4031ee93b02a5db74120f63f104827def14acbaf0df8",
	        "805fdd59b337a8480ed53ce730afb1192b47c1a83f60abac4a32a795896d0871"
	        "b2ca6f1a9adeaf30fd76ca50b558991c31d50ba83f4077cacc1388908e371523"}},
	{112,
	    {"85f94ed9011fce97d614b2f95b1a2f6a",
	        "4b8fd9e143ef0eaed840bb4985319c0bcf0c8050",
	        "332513df939c2da5a52b2ce3a468ae54094ae7681e4b66fe744b3b48bba09ca8",
	        "a9f77fb8e5de7cdaf23f95c9f8b2dbf075e0c01a20a9670014ec7516644ba652"
	        "24261cd14c36740940b26c97152ea181ece9504b52d953193c6b600140b4f3a5"}},
	{127,
	    {"ceff4ead35e4221b1638af4e2f8c61f9",
	        "45bdf4b9ebf575e62a033bd924ed9890e201ea85",
	        "c3328af00588e4c0de651212baf4babe06a69afd3a41320daf2508bd5290fc9e",
	        "d67b2d3795c7c27c996d5d74347e57d8664fa56a84be4965c218eb6ae628f4dd"
	        "7199a2c7380868e94f746bed312af22d4093342f1b7930692f113ed52ddc3c1e"}},
	{128,
	    {"710e8d86231ece9aaf37ba5d139d2939",
	        "066ffd63a8a4ebb1b219ea7c69546bd32f9dc47f",
	        "8bb5dfd6ac2a606ce25701c19ed1fe8fa3a1a7355cd7fe3445ac3e2cc7a45359",
	        "9ef6a88ed8eeeedca566959a3c3a75c59134a4618a32264f4099ac87dbd87c4b"
	        "89e2f4d180db5a52c3a3639a194477eee297fc167041537d61a8d9d2190821cc"}},
	{129,
	    {"e77386b196f7f30d56263ee7527f50c8",
	        "d4a7937efd00475d6c2bfc4ba13f15656d390e4b",
	        "78d5d187bd80d202e70a9ae00940dacdef337cdb7c8af41a4b69287b98227120",
	        "32111cd23a6c17f71915a9cad5e5a4380873967d423d377c45d9f7b9b89152f2"
	        "be37be4698e04660160578da20afab36a32a717c978ded3742460346dc45c75b"}},
	{4096,
	    {"62ce1cf4517d3474a468c562228e1e47",
	        "bbe077f550bcb15549982313f6fe0900373d4b7f",
	        "470d1b89fc75293c6793ec18ae42d29a06e47c26fde262729975d35de66bc5b1",
	        "5614d13c375564462d623a5b6329f53e895eb45dc789309a9b29f44d41ccb95c"
	        "2d1e0fb3ae1952f870c65919d8ed797ed1cf81a5a3571058c9ccb9f6322e622a"}},
	{5000,
	    {"d98647bc1267f45a0c881380dcce5a84",
	        "1a24e0510a29c2facf21f9d02fb49c0ee6db891e",
	        "b5eaa690b0bc3b91b693d582ba42e0a4c5eabd8d8d5b3d7bd0e8e602ec950c06",
	        "381a4dc2fb17c7c22f25f7f0cf89b931cd32ac73b99f7bbba3eb855705bfa698"
	        "5367e22f0ee8502417a515516362229c9bd54071b2bdb1e783dcf67bde476b18"}},
};

/* Keys start at byte 100 of the pattern. */
static const struct {
	size_t key_n, n;
	const char *want[4];
} macs[] = {
	{0, 0,
	    {"74e6f7298a9c2d168935f58c001bad88",
	        "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d",
	        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
	        "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac673"
	        "0c6c515421b327ec1d69402e53dfb49ad7381eb067b338fd7b0cb22247225d47"}},
	{20, 8,
	    {"0c2fda94c66d62a71df4401f99509b9e",
	        "c27a96b1a587c85a0516546edebc1aca5e6cdba0",
	        "f47fb6cc732401460587557399cff5afc67a90e7fff99e8dfed26647165a58f8",
	        "2d080e837c593b91aeb0e351e6c06841179e80c06b4b95e3d414745ec31a2c86"
	        "85691d1bad3d8d89929a302dafcf96d3c224ae1684c3b626d194c02346ece285"}},
	{63, 50,
	    {"c3812ebe5c87bd90307d564d224316ab",
	        "5b11d0d043d99d1ae1d173ac0a4e26f898813643",
	        "28fede8ae3ec0c5c073895bf4aa7b617fe0477b8d021d07bb52373a129f23ab3",
	        "9060cee45210afdbb1d0f88a77567ddf3b2614ff8e27dd53c2822d5f2b549ba6"
	        "4d89fca9eac8de18506f53ef183fadbf760fba627afe60bcc477d7b89174f0c8"}},
	{64, 50,
	    {"2b847b745fd9acdeddaaeefe7703f021",
	        "2a873d1e611a4883e041136b87ac0483e0aec22d",
	        "444dea4c6f36ba892fa7ac257f2b90c60120cd7977c96a64f37723ff708ab431",
	        "e70aefa981f343526cecc540f4b77effbebc147ebe8ee131349bb668d3d85412"
	        "07d12aa1ce22e05fc258e21ed6a5e7a8c5c30b310731b5f427b44a2385973b6c"}},
	{65, 50,
	    {"826ed9795bc2731e098c91bc21a020fb",
	        "68bf2f057867ec52b1bd934fd9e383766c68bc1e",
	        "61e90c2a261aa9c425c366c59a067c9274e058140682388cff9465fa75d20d00",
	        "137efea8e024ed2fae11a588bea391ea715b40095d7f0f8ec5c318153027ae6f"
	        "a4d2603355b5b3cea0796c3e2b85f615d698f7a65327b90c1999f920f813b8b0"}},
	{127, 200,
	    {"cbaf8adbcad1b7c7d22b22f2b4749281",
	        "77cbcab74f4c7707f3951b0da7a4b564b2267e30",
	        "7c23c19cf4f09b78159a55267cfc5c730dcffc1264e2166c6693cdf3e269dedc",
	        "bbc10942c997b40e32acd801ce3332f3078c3127a85633b46c4545d396a4c713"
	        "51ef989777b0d6a6f0b027769098a66bd44da04547bde05c76ec923f7f7e9647"}},
	{128, 200,
	    {"b1206851f6ba8349e33ab75fcb25b311",
	        "b60c17f40ae972b4ccbcd4ac24ecfb05ecc44d08",
	        "aca4ab3efe817f13456fa86c3db72826f0e223e6345833d5939fb2be19fe07ba",
	        "81dc6e60791c3417299d5fc56e97616b0edab18fda95defdc8fdadecfe6b04f4"
	        "d1e1d370bcc070b0e24780ea5e67f48398eb9d2153e776a822ba204549d48bf2"}},
	{129, 200,
	    {"aa463da8ff2d87e8e9fc4a30f32a2962",
	        "5c0038f771f75ab02c32039b4cdae0dca7e2931a",
	        "5dbb86d192c7a04eda6cea582e018ad14b075c92422b6c71c58cff3283488861",
	        "f8f424598787e508939d8caa74bbffae2a2bde845edec10c212975532dfe1e6b"
	        "6c6f2bd2d58732eebb6a03dfb238dae4cdc7a8301923b80fa36c3edf40407c8f"}},
	{200, 5000,
	    {"bebeb9fe5cd924533bf9435e6f6b0c99",
	        "9c8902f45d7899a593ddce186e025a3357a1e63d",
	        "6bd74d7ce8b9a1aeec55844869b71768a13b7b6ec5400c4dc4c996ca5cae7f1f",
	        "27f6e7aa08ebb060df47437e8c8f8223409333a98eb7f295b23f963a9c73891c"
	        "89a841845549eb5c4005c710ad8f5e2839126e83ac1405aaf9b3e2730f42b661"}},
};

static void
check_hex(const unsigned char *got, size_t n, const char *want)
{
	char hex[2 * DIGEST_MAX + 1];
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", got[i]);
	CHECK_SL(sl_str(hex), sl_str(want));
}

static void
known_values(void)
{
	unsigned char out[DIGEST_MAX];
	size_t i, a;

	for (i = 0; i < COUNT_OF(digests); i++)
		for (a = 0; a < COUNT_OF(algorithms); a++) {
			hash_once(algorithms[a], sl_mem(pattern, digests[i].n), out);
			check_hex(out, algorithms[a]->size, digests[i].want[a]);
		}
}

/* The result is the same however the bytes are cut, with empty pieces between them. */
static void
in_pieces(void)
{
	static const size_t sizes[] = {1, 7, 63, 64, 65, 1000};
	unsigned char out[DIGEST_MAX];
	size_t a, k, at;

	for (a = 0; a < COUNT_OF(algorithms); a++)
		for (k = 0; k < COUNT_OF(sizes); k++) {
			void *state = algorithms[a]->start();

			for (at = 0; at < PATTERN_BYTES; at += sizes[k]) {
				struct slice all = sl_mem(pattern, PATTERN_BYTES);

				algorithms[a]->update(state, SL_NONE);
				algorithms[a]->update(state, sl_sub(all, at, at + sizes[k]));
			}
			algorithms[a]->finish(state, out);
			check_hex(out, algorithms[a]->size, digests[COUNT_OF(digests) - 1].want[a]);
		}
}

/* Many at once, finished in another order, some given up: none disturbs another. */
static void
interleaved(void)
{
	void *states[60];
	unsigned char out[DIGEST_MAX], want[DIGEST_MAX];
	size_t i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < COUNT_OF(states); i++)
			states[i] = algorithms[i % 4]->start();
		for (i = 0; i < COUNT_OF(states); i++)
			algorithms[i % 4]->update(states[i], sl_mem(pattern, 100 + i));
		for (i = COUNT_OF(states); i-- > 0;) {
			const struct digest_ops *ops = algorithms[i % 4];

			if (i % 5 == 0) {
				ops->abandon(states[i]);
				continue;
			}
			ops->update(states[i], sl_mem(pattern + 100 + i, 50));
			ops->finish(states[i], out);
			hash_once(ops, sl_mem(pattern, 150 + i), want);
			CHECK_SL(sl_mem(out, ops->size), sl_mem(want, ops->size));
		}
	}
	for (i = 0; i < COUNT_OF(algorithms); i++)
		algorithms[i]->abandon(NULL);
}

static void
hmac(void)
{
	unsigned char out[DIGEST_MAX];
	size_t i, a;

	for (i = 0; i < COUNT_OF(macs); i++)
		for (a = 0; a < COUNT_OF(algorithms); a++) {
			hash_hmac(algorithms[a], sl_mem(pattern + 100, macs[i].key_n),
			    sl_mem(pattern, macs[i].n), out);
			check_hex(out, algorithms[a]->size, macs[i].want[a]);
		}
}

static void
equal(void)
{
	CHECK(hash_equal(SL("abc"), SL("abc")));
	CHECK(!hash_equal(SL("abc"), SL("abd")));
	CHECK(!hash_equal(SL("abc"), SL("ab")));
	CHECK(!hash_equal(SL("abc"), SL_NONE));
	CHECK(hash_equal(SL_NONE, SL_NONE));
}

static const struct check_row rows[] = {
	{"known_values", known_values},
	{"in_pieces", in_pieces},
	{"interleaved", interleaved},
	{"hmac", hmac},
	{"equal", equal},
};

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < PATTERN_BYTES; i++)
		pattern[i] = (unsigned char)(i * 31 + i / 256);
	hash_warm();
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
